use crate::model::fault::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::DynamoDbJournal;
use super::moto::{Delivery, Moto};
use crate::aws::session::{Sessions, Setup};
use crate::journal::blob::INLINE_LIMIT;
use crate::journal::conformance::{Dead, TestStore, ended, holder};
use crate::model::approval::Identity;
use crate::model::event::{Event, Fact};
use crate::model::fault::FaultKind;
use crate::model::fault::aws::AwsProblem;
use crate::model::fault::state::{Flaw, Part, StoreProblem};
use crate::model::inbox::MessageBody;
use crate::model::ledger::{StageAction, StageCommand};
use crate::model::outcome::Outcome;
use crate::model::pipeline::Account;
use crate::model::release::samples::{at, id, reason, started, warned};
use crate::ports::journal::{Journal, JournalError, Lease};

/// An STS that knows one account: moto's own knows others.
async fn sts() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = client.read(&mut [0; 65536]).await;
                let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                            <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>A</UserId>\
                            <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length:";
                let head = format!("{head} {}\r\n\r\n", body.len());
                let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    url
}

/// Shortens the SDK's waits between attempts to a twentieth; timeouts stay as they are, for a busy machine.
#[derive(Debug)]
struct ShortSleeps;

impl AsyncSleep for ShortSleeps {
    fn sleep(&self, duration: Duration) -> Sleep {
        let timeout = duration == Duration::from_secs(5) || duration >= Duration::from_secs(30);
        Sleep::new(tokio::time::sleep(if timeout { duration } else { duration / 20 }))
    }
}

/// One moto, and a separate table for each test store.
pub(in crate::journal) struct Store {
    pub moto: Moto,
    sessions: Arc<Sessions>,
    account: Account,
    tables: AtomicUsize,
}

impl Store {
    pub async fn start(test: &str) -> Option<Store> {
        let moto = Moto::start(test)?;
        let keys = Credentials::new("AMBIENT", "secret", None, None, "test");
        let sessions = Arc::new(Sessions::new(Setup {
            sleep: Some(SharedAsyncSleep::new(ShortSleeps)),
            credentials: Some(SharedCredentialsProvider::new(keys)),
            session_name: "test".into(),
            ..Setup::default()
        }));
        let account = Account {
            name: id("main"),
            id: id("123456789012"),
            region: id("ap-northeast-1"),
            role: None,
            external_id: None,
            profile: None,
            assume: Default::default(),
            endpoints: BTreeMap::from([("dynamodb".into(), moto.url()), ("default".into(), sts().await)]),
        };
        Some(Store { moto, sessions, account, tables: AtomicUsize::new(0) })
    }

    /// A new table's name.
    pub fn table(&self) -> String {
        let name = format!("kanmon-{}", self.tables.fetch_add(1, Ordering::SeqCst));
        self.moto.create_table(&name, "pk", "sk");
        name
    }

    pub fn open(&self, table: &str, dead: &Dead) -> DynamoDbJournal {
        let (sessions, account) = (self.sessions.clone(), self.account.clone());
        DynamoDbJournal::with_ended(sessions, account, table.to_owned(), Arc::new(ended(dead)))
    }

    pub fn test_store(&self) -> TestStore {
        let dead = Dead::default();
        TestStore { journal: Box::new(self.open(&self.table(), &dead)), dead, _dir: None }
    }

    /// Every item of a table, as it is on the wire.
    fn items(&self, table: &str) -> Vec<Value> {
        let mut asked = json!({ "TableName": table, "ConsistentRead": true });
        let mut items = Vec::new();
        loop {
            let answer = self.moto.call("Scan", &asked.to_string());
            let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
            items.extend(body["Items"].as_array().unwrap().iter().cloned());
            match body.get("LastEvaluatedKey") {
                Some(last) => asked["ExclusiveStartKey"] = last.clone(),
                None => return items,
            }
        }
    }
}

async fn begin(journal: &DynamoDbJournal) -> Lease {
    journal.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.unwrap().0
}

fn abort() -> MessageBody {
    let by = Identity { arn: "arn:aws:iam::1:user/a".into(), account: id("012345678901"), user_id: "A".into() };
    MessageBody::Abort { by, reason: "no".into(), roll_back: true }
}

fn fault(error: JournalError) -> crate::model::fault::Fault {
    match error {
        JournalError::Remote(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_missing_table_is_never_created_but_reported_with_the_command_that_creates_it() {
    let Some(store) = Store::start("a missing table").await else { return };
    let journal = store.open("kanmon-state", &Dead::default());
    let first = journal.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.map(drop);
    for result in [first, journal.list(&id("shop")).await.map(drop), journal.read(&id("r1")).await.map(drop)] {
        let fault = fault(result.unwrap_err());
        assert_eq!(fault.kind(), FaultKind::NotFound);
        let Problem::Aws(AwsProblem::TableMissing { table, within }) = fault.problem else { panic!("{fault:?}") };
        assert_eq!((table.as_str(), within.account.as_str()), ("kanmon-state", "main"));
    }
    assert!(store.moto.call("ListTables", "{}").contains("\"TableNames\": []"), "nothing was made");
}

#[tokio::test]
async fn a_table_with_other_keys_is_refused() {
    let Some(store) = Store::start("another table").await else { return };
    store.moto.create_table("orders", "customer", "order");
    let fault = fault(store.open("orders", &Dead::default()).list(&id("shop")).await.unwrap_err());
    assert_eq!(fault.code(), "state-table-unfit");
}

/// The SDK's own attempts are five: the answer to the first is lost, the others do not even arrive.
const SILENCE: [Delivery; 5] =
    [Delivery::AnswerLost, Delivery::NotSent, Delivery::NotSent, Delivery::NotSent, Delivery::NotSent];

#[tokio::test]
async fn a_write_is_found_although_its_answer_was_lost() {
    let Some(store) = Store::start("lost answers").await else { return };
    for deliveries in [&[Delivery::AnswerLost][..], &SILENCE] {
        let journal = store.open(&store.table(), &Dead::default());
        let lose = || store.moto.next("TransactWriteItems", deliveries);
        lose();
        let lease = begin(&journal).await;
        lose();
        let events = journal.append(&lease, 1, &[warned("one"), warned("two")], at(1)).await.unwrap();
        assert_eq!(journal.read(&id("r1")).await.unwrap()[1..], events);
        lose();
        let message = journal.send(&id("r1"), abort(), at(2)).await.unwrap();
        assert_eq!(journal.inbox(&id("r1")).await.unwrap().len(), 1, "one message, not two");
        lose();
        journal.append(&lease, 3, &[Fact::Absorbed { message }], at(3)).await.unwrap();
        lose();
        let fence = journal.lock_stage(&id("shop"), &id("dev"), &lease, None, at(3)).await.unwrap();
        lose();
        journal.renew(&lease, at(4)).await.unwrap();
        assert_eq!(journal.lock_stage(&id("shop"), &id("dev"), &lease, None, at(4)).await.unwrap(), fence);
        lose();
        journal.unlock_stage(&id("shop"), &id("dev"), &lease).await.unwrap();
        lose();
        journal.give_up(&lease).await.unwrap();
        lose();
        let next = journal.take(&id("r1"), &holder("b"), None, at(5)).await.unwrap();
        assert_eq!(next.fence, lease.fence + 1, "it was taken once");
        assert!(store.moto.is_clear());
        assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn a_call_that_never_arrived_leaves_nothing() {
    let Some(store) = Store::start("lost requests").await else { return };
    let journal = store.open(&store.table(), &Dead::default());
    let lease = begin(&journal).await;
    store.moto.next("TransactWriteItems", &[Delivery::NotSent; 500]);
    let fault = fault(journal.append(&lease, 1, &[warned("one")], at(1)).await.unwrap_err());
    assert_eq!(fault.kind(), FaultKind::Ambiguous, "{fault}");
    assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_seen_by_the_next_process() {
    let Some(store) = Store::start("an unanswered write").await else { return };
    let (table, dead) = (store.table(), Dead::default());
    let (journal, other) = (store.open(&table, &dead), store.open(&table, &dead));
    let lease = begin(&journal).await;
    store.moto.next("TransactWriteItems", &SILENCE);
    store.moto.next("GetItem", &[&[Delivery::Whole][..], &[Delivery::NotSent; 5]].concat());
    dead.lock().unwrap().insert("a".into());
    let appended = journal.append(&lease, 1, &[warned("one")], at(1)).await;
    assert!(appended.is_err(), "neither its answer nor the table can be read: {appended:?}");
    assert!(store.moto.is_clear());
    let next = other.take(&id("r1"), &holder("b"), None, at(2)).await.unwrap();
    let lost = journal.append(&lease, 1, &[warned("one")], at(1)).await;
    assert!(matches!(lost, Err(JournalError::LostLease { .. })), "{lost:?}");
    other.append(&next, 2, &[warned("two")], at(3)).await.unwrap();
    assert_eq!(other.read(&id("r1")).await.unwrap().len(), 3);
}

/// Whether exactly one of them got it.
fn one<T: std::fmt::Debug>(results: &[Result<T, JournalError>]) -> bool {
    results.iter().filter(|r| r.is_ok()).count() == 1
}

#[tokio::test]
async fn of_several_processes_at_once_one_gets_the_lease() {
    let Some(store) = Store::start("several processes").await else { return };
    let (table, dead) = (store.table(), Dead::default());
    let [a, b, c] = [(); 3].map(|()| store.open(&table, &dead));
    let lease = begin(&a).await;
    let (release, app, dev) = (id("r1"), id("shop"), id("dev"));
    for round in 0..4 {
        let after = a.read(&release).await.unwrap().len() as u64;
        let (one_fact, other_fact) = ([warned("one")], [warned("other")]);
        let (x, y) =
            tokio::join!(a.append(&lease, after, &one_fact, at(0)), b.append(&lease, after, &other_fact, at(0)));
        assert!(one(&[x, y]), "round {round}: two wrote the same event");
        // A holder's own renewal never costs him an append.
        let (appended, renewed) = tokio::join!(a.append(&lease, after + 1, &one_fact, at(0)), b.renew(&lease, at(0)));
        assert_eq!((appended.unwrap().len(), renewed), (1, Ok(vec![])));
    }
    a.give_up(&lease).await.unwrap();
    let (first, second, third) = (holder("d"), holder("e"), holder("f"));
    let (x, y, z) = tokio::join!(
        a.take(&release, &first, None, at(0)),
        b.take(&release, &second, None, at(0)),
        c.take(&release, &third, None, at(0))
    );
    assert!(one(&[x, y, z]), "two hold one release");

    let begin = async |journal: &DynamoDbJournal, name: &str| {
        journal.begin(&id("shop"), &id(name), started(), &holder(name), at(0)).await.unwrap().0
    };
    let (two, three) = (begin(&b, "r2").await, begin(&c, "r3").await);
    let (x, y) =
        tokio::join!(b.lock_stage(&app, &dev, &two, None, at(0)), c.lock_stage(&app, &dev, &three, None, at(0)));
    assert!(one(&[x, y]), "two hold one stage");
    let same = id("r4");
    let (x, y) =
        tokio::join!(a.begin(&app, &same, started(), &first, at(0)), b.begin(&app, &same, started(), &second, at(0)));
    assert!(one(&[x, y]), "two began one release");
}

#[tokio::test]
async fn messages_and_ledger_changes_of_several_processes_at_once_are_all_kept() {
    let Some(store) = Store::start("several writers").await else { return };
    let (table, dead) = (store.table(), Dead::default());
    let [a, b, c] = [(); 3].map(|()| store.open(&table, &dead));
    let lease = begin(&a).await;
    let release = id("r1");
    let (x, y, z) = tokio::join!(
        a.send(&release, abort(), at(0)),
        b.send(&release, abort(), at(0)),
        c.send(&release, abort(), at(0))
    );
    let mut ids: Vec<u64> = [x, y, z].into_iter().map(Result::unwrap).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
    // One release says what failed in a stage while another enters it: the ledger knows both.
    let (two, _) = b.begin(&id("shop"), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
    b.lock_stage(&id("shop"), &id("dev"), &two, None, at(0)).await.unwrap();
    let images = std::collections::BTreeMap::from([(id("web"), crate::model::ids::Digest::of(b"web"))]);
    let failed = [Fact::ImagesFailed { stage: id("dev"), images, reason: reason(Outcome::Failed) }];
    let entered = [Fact::StageEntered { stage: id("dev") }];
    for n in 1..6 {
        let now = at(n as i64);
        let (x, y) = tokio::join!(a.append(&lease, n, &failed, now), b.append(&two, n, &entered, now));
        assert!(x.is_ok() && y.is_ok());
        let ledger = c.ledger(&id("shop"), &id("dev")).await.unwrap();
        assert_eq!((ledger.failed[0].at, ledger.last_entered), (now, Some(id("r2"))));
    }
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

#[tokio::test]
async fn items_stay_below_100_kb_and_one_append_is_few_of_them() {
    let Some(store) = Store::start("sizes").await else { return };
    let table = store.table();
    let journal = store.open(&table, &Dead::default());
    let lease = begin(&journal).await;
    let noise: String = (0..400_000_u64).map(|n| char::from(b'a' + (n * n % 25) as u8)).collect();
    let mut facts: Vec<Fact> = (0..2000).map(|n| warned(format!("{n} {}", &noise[..120]))).collect();
    facts.push(warned(&noise[..INLINE_LIMIT - 200]));
    facts.push(warned(noise));
    let before = store.items(&table).len();
    let appended: Vec<Event> = journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    assert_eq!(journal.read(&id("r1")).await.unwrap()[1..], appended);
    let items = store.items(&table);
    // Base64 makes bytes a third longer on the wire than they are.
    let largest = items.iter().map(|item| size(item) * 3 / 4).max().unwrap();
    assert!(largest < 100_000, "{largest}");
    assert!(items.len() - before < 30, "{} items", items.len() - before);
    let refused = journal.append(&lease, 2003, &vec![warned("x".repeat(60_000)); 70], at(1)).await;
    assert_eq!(refused, Err(JournalError::Store(StoreProblem::TooManyEvents { count: 70 })));
    assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 2003);
}

/// The partitions that a request writes.
fn written(operation: &str, body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let pk = |item: &Value| item["pk"]["S"].as_str().unwrap().to_owned();
    match operation {
        "PutItem" => vec![pk(&body["Item"])],
        "TransactWriteItems" => {
            body["TransactItems"].as_array().unwrap().iter().map(|write| pk(&write["Put"]["Item"])).collect()
        }
        "GetItem" | "Query" | "BatchGetItem" => vec![],
        other => panic!("{other} is not in the policy that the table's form is made for"),
    }
}

#[tokio::test]
async fn a_release_writes_no_inbox_and_a_message_writes_nothing_else() {
    let Some(store) = Store::start("partitions").await else { return };
    let journal = store.open(&store.table(), &Dead::default());
    let partitions = || -> Vec<String> { store.moto.asked().iter().flat_map(|(op, body)| written(op, body)).collect() };
    store.moto.asked();
    let lease = begin(&journal).await;
    journal.lock_stage(&id("shop"), &id("dev"), &lease, None, at(0)).await.unwrap();
    let entered = Fact::StageEntered { stage: id("dev") };
    journal.append(&lease, 1, &[entered, warned("x".repeat(INLINE_LIMIT))], at(1)).await.unwrap();
    let mut own = partitions();
    let message = journal.send(&id("r1"), abort(), at(2)).await.unwrap();
    assert_eq!(partitions(), ["inbox/r1", "inbox/r1"]);
    assert_eq!(journal.inbox(&id("r1")).await.unwrap().len(), 1);
    journal
        .append(
            &lease,
            3,
            &[Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }, Fact::Absorbed { message }],
            at(3),
        )
        .await
        .unwrap();
    journal.renew(&lease, at(3)).await.unwrap();
    journal.give_up(&lease).await.unwrap();
    own.extend(partitions());
    let kinds: std::collections::BTreeSet<&str> = own.iter().map(|pk| pk.split('/').next().unwrap()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["app", "blob", "release", "stage"]);
}

#[tokio::test]
async fn a_row_that_was_removed_or_changed_is_found() {
    let Some(store) = Store::start("damage").await else { return };
    let table = store.table();
    let journal = store.open(&table, &Dead::default());
    let lease = begin(&journal).await;
    for n in 1..4 {
        journal.append(&lease, n, &[warned(format!("{n}"))], at(1)).await.unwrap();
    }
    let event_of = |seq| Part::Event { release: id("r1"), seq };
    let event = |n: u64| json!({ "pk": { "S": "release/r1" }, "sk": { "S": format!("event/{n:020}") } });
    let mut third = store.items(&table).into_iter().find(|i| i["sk"] == event(3)["sk"]).unwrap();
    store.moto.call("DeleteItem", &json!({ "TableName": table, "Key": event(3) }).to_string());
    let read = journal.read(&id("r1")).await;
    assert_eq!(read, Err(event_of(4).is(Flaw::Misplaced { expected: 3 })));
    third["rows"]["L"][0]["M"]["at"]["S"] = json!("2027-01-01T00:00:00Z");
    store.moto.call("PutItem", &json!({ "TableName": table, "Item": third }).to_string());
    let read = journal.read(&id("r1")).await;
    assert_eq!(read, Err(event_of(3).is(Flaw::HashMismatch)));
}

#[tokio::test]
async fn an_item_of_an_earlier_or_a_later_version_is_refused() {
    let Some(store) = Store::start("other versions").await else { return };
    let table = store.table();
    let journal = store.open(&table, &Dead::default());
    begin(&journal).await;
    let item = store.items(&table).into_iter().find(|item| item["sk"]["S"] == "release").unwrap();
    for (v, refused) in
        [(1, JournalError::Older { found: 1, known: 2 }), (3, JournalError::Newer { found: 3, known: 2 })]
    {
        let mut other = item.clone();
        other["v"]["N"] = json!(v.to_string());
        store.moto.call("PutItem", &json!({ "TableName": table, "Item": other }).to_string());
        assert_eq!(journal.read(&id("r1")).await, Err(refused));
    }
}

#[tokio::test]
async fn a_change_of_what_is_stored_beside_the_events_is_found() {
    let Some(store) = Store::start("damage beside the events").await else { return };
    let table = store.table();
    let journal = store.open(&table, &Dead::default());
    let lease = begin(&journal).await;
    journal.lock_stage(&id("shop"), &id("dev"), &lease, None, at(0)).await.unwrap();
    let by = Identity { arn: "arn:aws:iam::1:user/a".into(), account: id("012345678901"), user_id: "A".into() };
    let freeze = StageCommand { by, reason: "an incident".into(), action: StageAction::Freeze };
    journal.intervene(&id("shop"), &id("dev"), &freeze, at(1)).await.unwrap();
    for _ in 0..2 {
        journal.send(&id("r1"), abort(), at(1)).await.unwrap();
    }
    journal.append(&lease, 1, &[Fact::Absorbed { message: 1 }], at(2)).await.unwrap();
    let whole = store.items(&table);
    let put = |item: &Value| store.moto.call("PutItem", &json!({ "TableName": table, "Item": item }).to_string());
    let found = async || {
        let ledger = journal.ledger(&id("shop"), &id("dev")).await.map(drop);
        let read = journal.read(&id("r1")).await.map(drop);
        [ledger, read].into_iter().any(|found| matches!(found, Err(JournalError::Corrupt(_))))
    };
    assert!(!found().await);
    let (mut tried, mut missed) = (0, Vec::new());
    for item in &whole {
        let (pk, sk) = (item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
        // Items whose absence changes nothing here: a listing's hides a release from lists only; that a stage is known only counts
        // where its own item is missing; a message that was absorbed is not read again.
        let is_redundant = pk.starts_with("app/") || sk.ends_with("0001") && pk.starts_with("inbox/");
        let key = json!({ "TableName": table, "Key": { "pk": item["pk"], "sk": item["sk"] } });
        if !is_redundant && sk != "release" {
            store.moto.call("DeleteItem", &key.to_string());
            tried += 1;
            if !found().await {
                missed.push(format!("{pk} {sk} removed"));
            }
            put(item);
        }
        for (name, value) in item.as_object().unwrap() {
            let (kind, text) = value.as_object().unwrap().iter().next().unwrap();
            let changed = match kind.as_str() {
                "S" if text != "" => json!({ "S": format!("{}x", text.as_str().unwrap()) }),
                "N" => json!({ "N": (text.as_str().unwrap().parse::<u64>().unwrap() + 64).to_string() }),
                _ => continue,
            };
            // `token` and `rev` of events and messages are for finding out who wrote them, and no part of what they say.
            if is_redundant
                || ["pk", "sk", "v"].contains(&name.as_str())
                || name == "token" && !item["seal"].is_object()
            {
                continue;
            }
            let mut damaged = item.clone();
            damaged[name] = changed;
            put(&damaged);
            tried += 1;
            if !found().await {
                missed.push(format!("{name} of {pk} {sk}"));
            }
            put(item);
        }
    }
    assert!(!found().await, "whole again");
    assert!(tried > 20, "{tried}");
    assert_eq!(missed, Vec::<String>::new());
}
