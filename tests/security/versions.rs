//! Two versions of kanmon and one release: an older one never acts on what a newer one wrote.

use kanmon::model::event::EVENT_VERSION;
use rusqlite::Connection;

use crate::binary::test_env::{Sandbox, TestEnv, release_in};

/// A suspended release, and its environment.
struct StoppedRelease {
    sandbox: Sandbox,
    test_env: TestEnv,
    id: String,
}

impl StoppedRelease {
    fn new() -> StoppedRelease {
        let sandbox = Sandbox::with(&["--speed", "15"]);
        let test_env = TestEnv::demo(&sandbox);
        let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev"]);
        let id = release_in(&running.says("hello-dev-web:1 → hello-dev-web:2"));
        running.signal("INT");
        running.end().ended(30);
        StoppedRelease { sandbox, test_env, id }
    }

    fn db(&self) -> Connection {
        Connection::open(self.test_env.root.path().join(".kanmon/journal.db")).unwrap()
    }

    fn events(&self) -> i64 {
        self.db().query_row("SELECT count(*) FROM events", [], |r| r.get(0)).unwrap()
    }

    /// Asserts that every verb that would change something ends with these words, and that neither AWS nor the record is changed.
    fn is_left_alone(&self, words: &[&str]) {
        let (changes, events) = (self.sandbox.changes(), self.events());
        for verb in
            [&["resume"][..], &["resume", &self.id], &["abort", &self.id, "--roll-back"], &["history", &self.id]]
        {
            let ran = self.test_env.run(&self.sandbox.keys("developer"), verb).ended(40);
            let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
            for words in words {
                assert!(folded.contains(words), "{verb:?} does not say `{words}`:\n{}", ran.err);
            }
        }
        assert_eq!(self.sandbox.changes(), changes, "something was changed because of a record that is not understood");
        assert_eq!(self.events(), events);
    }
}

const WHAT_TO_DO: &str = "hint: use the kanmon that wrote it, or a newer one; this is 0.1.0";

/// Appends an event as a kanmon with that format would, with its place in the chain and its hash.
fn append(stopped: &StoppedRelease, form: u32, payload: &str) {
    use sha2::{Digest as _, Sha256};
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let db = stopped.db();
    let (seq, prev, at): (i64, String, String) = db
        .query_row("SELECT last_seq, last_hash, last_at FROM releases", [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .unwrap();
    let seq = seq + 1;
    let text = format!("kanmon-event\n{form}\n{}\n{seq}\n{at}\n{}\n{prev}", stopped.id, hex(payload.as_bytes()));
    let hash = hex(text.as_bytes());
    db.execute(
        "INSERT INTO events (release, seq, form, at, payload, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        rusqlite::params![stopped.id, seq, form, at, payload.as_bytes(), prev, hash],
    )
    .unwrap();
    db.execute("UPDATE releases SET last_seq = ?1, last_hash = ?2, form = ?3", rusqlite::params![seq, hash, form])
        .unwrap();
    let columns = "release app started_at last_at form last_seq last_hash last_message imported_messages absorbed fence claim imported";
    let mut sealed = String::new();
    for column in columns.split(' ') {
        let value = format!("SELECT coalesce(CAST({column} AS TEXT), '') FROM releases");
        let value: String = db.query_row(&value, [], |r| r.get(0)).unwrap();
        sealed += &format!("{column} {}\n{value}\n", value.len());
    }
    db.execute("UPDATE releases SET seal = ?1", [hex(sealed.as_bytes())]).unwrap();
}

#[test]
fn a_fact_that_only_a_newer_kanmon_knows_stops_an_older_one() {
    let stopped = StoppedRelease::new();
    append(&stopped, EVENT_VERSION, r#"{"kind":"soak-extended","stage":"dev"}"#);
    let event = format!("of {} is of the kind `soak-extended`", stopped.id);
    stopped.is_left_alone(&["error: this kanmon cannot read the record: event ", &event, WHAT_TO_DO]);
}

#[test]
fn a_known_fact_with_an_unknown_member_stops_an_older_one() {
    let stopped = StoppedRelease::new();
    append(
        &stopped,
        EVENT_VERSION,
        r#"{"kind":"check-judged","at":{"stage":"dev","step":1},"verdict":"likely","detail":"x"}"#,
    );
    stopped.is_left_alone(&["error: this kanmon cannot read the record: event ", WHAT_TO_DO]);
}

#[test]
fn a_newer_format_of_events_is_reported_with_its_number() {
    let stopped = StoppedRelease::new();
    append(&stopped, EVENT_VERSION + 1, r#"{"anything":true}"#);
    let sentence = "error: the record was written by a newer kanmon (format 3; this one reads up to 2)";
    stopped.is_left_alone(&[sentence, WHAT_TO_DO]);
}

#[test]
fn a_newer_schema_is_refused_by_every_verb_and_not_changed() {
    let stopped = StoppedRelease::new();
    stopped.db().pragma_update(None, "user_version", 7).unwrap();
    let sentence = "error: the record was written by a newer kanmon (format 7; this one reads up to 3)";
    stopped.is_left_alone(&[sentence, WHAT_TO_DO]);
    let ran = stopped.test_env.run(&stopped.sandbox.keys("developer"), &["release"]).ended(40);
    ran.on_stderr("use the kanmon that wrote it");
    let left: u32 = stopped.db().pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    assert_eq!(left, 7);
}

#[test]
fn a_newer_kanmon_that_continues_the_release_stops_the_older_one_before_its_next_step() {
    let sandbox = Sandbox::with(&["--speed", "15"]);
    let test_env = TestEnv::demo(&sandbox);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "staging"]);
    let id = release_in(&running.says("hello-dev-web:1 → hello-dev-web:2"));
    // Its next append finds the release in a format that it does not know.
    let db = Connection::open(test_env.root.path().join(".kanmon/journal.db")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db.execute("UPDATE releases SET form = 3", []).unwrap();
    let ran = running.end().ended(40);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("was written by a newer kanmon (format 3; this one reads up to 2)"), "{}", ran.err);
    assert!(folded.contains(WHAT_TO_DO), "{}", ran.err);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "{id} continued");
}
