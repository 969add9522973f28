//! The table: reads and writes, and what DynamoDB says about them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};

use super::item::{Item, text};
use super::key::Key;
use crate::aws::session::{Refusal, Session, Sessions};
use crate::journal::codec;
use crate::model::fault::aws::{AwsProblem, Within};
use crate::model::fault::call::Target;
use crate::model::fault::state::StoreProblem;
use crate::model::fault::{Fault, FaultKind};
use crate::model::pipeline::Account;
use crate::ports::journal::JournalError;

pub(super) struct Table {
    sessions: Arc<Sessions>,
    account: Account,
    name: String,
}

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Written {
    Yes,
    /// A condition did not hold: somebody else wrote, or an earlier attempt of this one did.
    No,
    /// No clear answer came: it may have happened, or still happen.
    Perhaps(Fault),
}

/// When an item may be written.
pub(super) enum If {
    /// Whatever is there.
    Always,
    New,
    /// What is there has this `rev`.
    Rev(u64),
}

/// `BatchGetItem` takes as many.
const BATCH: usize = 100;
/// `TransactWriteItems` takes as many items, and 4 MB of them in all.
const ACTIONS: usize = 100;
/// How often items that were written together are read again where they do not fit together: a write's items become visible one after
/// the other, within milliseconds.
pub(super) const READS: u32 = 6;
/// How often a transaction is tried again that conflicted with another one, which takes milliseconds.
const CONFLICTS: u32 = 12;

impl Table {
    pub fn new(sessions: Arc<Sessions>, account: Account, name: String) -> Table {
        Table { sessions, account, name }
    }

    async fn session(&self) -> Result<Arc<Session>, JournalError> {
        self.sessions.session(&self.account).await.map_err(JournalError::Remote)
    }

    fn on(&self) -> Target {
        Target::Table { table: self.name.clone() }
    }

    /// A little longer each time, and random, so that two that conflicted do not conflict again.
    pub async fn pause(&self, attempt: u32) -> Result<(), JournalError> {
        let longest = 20 << attempt.min(5);
        self.session().await?.pause(Duration::from_millis(rand::random_range(longest / 4..=longest))).await;
        Ok(())
    }

    pub async fn get(&self, key: &Key) -> Result<Option<Item>, JournalError> {
        let session = self.session().await?;
        let call = session.get_item(self.on());
        let answer =
            call.send(|r| r.table_name(&self.name).set_key(Some(key.item())).consistent_read(true).send()).await;
        Ok(answer.map_err(|e| self.refused(e))?.item)
    }

    /// The items of a partition whose sort keys lie between these two, in their order.
    pub async fn range(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, JournalError> {
        let session = self.session().await?;
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let call = session.query(self.on());
            let answer = call
                .send(|r| {
                    r.table_name(&self.name)
                        .consistent_read(true)
                        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                        .expression_attribute_values(":pk", text(pk))
                        .expression_attribute_values(":from", text(from))
                        .expression_attribute_values(":to", text(to))
                        .set_exclusive_start_key(start)
                        .send()
                })
                .await;
            let answer = answer.map_err(|e| self.refused(e))?;
            items.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key.filter(|key| !key.is_empty()) {
                Some(key) => start = Some(key),
                None => return Ok(items),
            }
        }
    }

    /// All items of a partition whose sort keys begin so, in their order.
    pub async fn all(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, JournalError> {
        self.range(pk, prefix, &format!("{prefix}\u{ffff}")).await
    }

    /// Those of the items that there are, in no order.
    pub async fn get_each(&self, keys: &[Key]) -> Result<Vec<Item>, JournalError> {
        let session = self.session().await?;
        let mut items = Vec::new();
        for some in keys.chunks(BATCH) {
            let mut left: Vec<Item> = some.iter().map(Key::item).collect();
            let mut attempt = 0;
            while !left.is_empty() {
                if attempt > 0 {
                    self.pause(attempt).await?;
                }
                attempt += 1;
                let asked = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
                let asked = asked.map_err(|e| codec::not_encodable(&e))?;
                let answer =
                    session.batch_get_item(self.on()).send(|r| r.request_items(&self.name, asked).send()).await;
                let answer = answer.map_err(|e| self.refused(e))?;
                items.extend(answer.responses.and_then(|mut r| r.remove(&self.name)).unwrap_or_default());
                // At 16 MB, and where the table is throttled, some are left for the next call.
                left =
                    answer.unprocessed_keys.and_then(|mut k| k.remove(&self.name)).map(|k| k.keys).unwrap_or_default();
            }
        }
        Ok(items)
    }

    /// Writes one item.
    pub async fn put(&self, item: Item, condition: If) -> Result<Written, JournalError> {
        let session = self.session().await?;
        let (expression, values) = condition.expression();
        let call = session.put_item(self.on());
        let put = call.send(|r| {
            let put = r.table_name(&self.name).set_item(Some(item)).set_condition_expression(expression);
            put.set_expression_attribute_values(values).send()
        });
        match put.await {
            Ok(_) => Ok(Written::Yes),
            Err(refusal) if refusal.is("ConditionalCheckFailedException") => Ok(Written::No),
            Err(refusal) => self.perhaps(refusal),
        }
    }

    /// Writes all of these items or none. `token` makes repetitions of the same call one.
    ///
    /// # Errors
    /// `Store` where they are more than a transaction takes; nothing is written then.
    pub async fn put_all(&self, token: &str, items: Vec<(Item, If)>) -> Result<Written, JournalError> {
        if items.len() > ACTIONS {
            return Err(JournalError::Store(StoreProblem::TooManyItems { count: items.len() }));
        }
        let mut writes = Vec::with_capacity(items.len());
        for (item, condition) in items {
            let (expression, values) = condition.expression();
            let put = Put::builder()
                .table_name(&self.name)
                .set_item(Some(item))
                .set_condition_expression(expression)
                .set_expression_attribute_values(values);
            let put = put.build().map_err(|e| codec::not_encodable(&e))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        let session = self.session().await?;
        for attempt in 0..CONFLICTS {
            let reasons = Mutex::new(Vec::new());
            let call = session.transact_write_items(self.on());
            let sent = call.send(async |r| {
                let asked = r.set_transact_items(Some(writes.clone())).client_request_token(token);
                let answer = asked.send().await;
                if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                    answer.as_ref().err().and_then(|e| e.as_service_error())
                {
                    let codes = canceled.cancellation_reasons().iter().filter_map(|r| r.code().map(str::to_owned));
                    *reasons.lock().expect("nothing panics while it holds them") = codes.collect::<Vec<_>>();
                }
                answer
            });
            let refusal = match sent.await {
                Ok(_) => return Ok(Written::Yes),
                Err(refusal) => refusal,
            };
            let reasons = reasons.into_inner().expect("nothing panics while it holds them");
            let is = |code: &str| reasons.iter().any(|r| r == code);
            if is("ConditionalCheckFailed") {
                return Ok(Written::No);
            }
            let conflict = is("TransactionConflict") || refusal.is("TransactionInProgressException");
            let busy = is("ThrottlingError") || is("ProvisionedThroughputExceeded");
            if !conflict && !busy {
                return self.perhaps(refusal);
            }
            self.pause(attempt).await?;
        }
        Err(JournalError::Remote(AwsProblem::TableBusy { table: self.name.clone() }.into()))
    }

    /// A write that certainly did not happen is an error; one that may have happened is not.
    fn perhaps(&self, refusal: Refusal) -> Result<Written, JournalError> {
        if refusal.fault.kind() == FaultKind::Ambiguous {
            return Ok(Written::Perhaps(refusal.fault));
        }
        Err(self.refused(refusal))
    }

    fn refused(&self, refusal: Refusal) -> JournalError {
        let Account { name: account, id, region, .. } = self.account.clone();
        let (table, said) = (self.name.clone(), refusal.fault.said.as_deref().unwrap_or_default());
        let fault = if refusal.is("ResourceNotFoundException") {
            AwsProblem::TableMissing { table, within: Within { account, id, region, cluster: None } }.into()
        } else if refusal.is("ValidationException") && said.contains("key") {
            Fault { said: refusal.fault.said, ..AwsProblem::TableUnfit { table, account, region }.into() }
        } else {
            refusal.fault
        };
        JournalError::Remote(fault)
    }
}

impl If {
    fn expression(self) -> (Option<String>, Option<Item>) {
        match self {
            If::Always => (None, None),
            If::New => (Some("attribute_not_exists(pk)".to_owned()), None),
            If::Rev(rev) => {
                let value = AttributeValue::N(rev.to_string());
                (Some("rev = :rev".to_owned()), Some(Item::from([(":rev".to_owned(), value)])))
            }
        }
    }
}
