//! The attempts of one call that changes something.

use super::item::Item;
use super::table::{If, Table, Written};
use crate::model::fault::aws::AwsProblem;
use crate::ports::journal::JournalError;

/// Every attempt that fails found somebody else's change, so some call succeeded each time; with the pauses between them, these take a
/// second or two.
const ATTEMPTS: u32 = 12;

pub(super) struct WriteAttempts {
    name: String,
    attempts: u32,
}

impl WriteAttempts {
    pub fn new() -> WriteAttempts {
        WriteAttempts { name: format!("{:024x}", rand::random::<u128>() >> 32), attempts: 0 }
    }

    /// Names this attempt in what it writes, and to DynamoDB, which recognizes repetitions by it for 10 minutes (up to 36 characters). An
    /// attempt that has read again writes something else and needs another token.
    pub fn token(&self) -> String {
        format!("{}.{}", self.name, self.attempts)
    }

    /// Whether one of its attempts wrote this token.
    pub fn wrote(&self, token: &str) -> bool {
        token.split_once('.').is_some_and(|(name, _)| name == self.name)
    }

    /// Whether something may have been written already.
    pub fn is_again(&self) -> bool {
        self.attempts > 0
    }

    /// Writes all of these items or none, under this attempt's token. `false`: it did not certainly succeed, and it is time to read again.
    ///
    /// # Errors
    /// As `again`.
    pub async fn put_all(&mut self, table: &Table, items: Vec<(Item, If)>) -> Result<bool, JournalError> {
        let written = table.put_all(&self.token(), items).await?;
        self.succeeded(table, written).await
    }

    /// Whether an attempt has written; if that is not certain, gets ready for another one.
    ///
    /// # Errors
    /// As `again`.
    pub async fn succeeded(&mut self, table: &Table, written: Written) -> Result<bool, JournalError> {
        match written {
            Written::Yes => Ok(true),
            unclear @ (Written::No | Written::Perhaps(_)) => self.again(table, unclear).await.map(|()| false),
        }
    }

    /// Gets ready for another attempt, after one that did not certainly succeed.
    ///
    /// # Errors
    /// `Remote` where there were enough.
    pub async fn again(&mut self, table: &Table, written: Written) -> Result<(), JournalError> {
        self.attempts += 1;
        if self.attempts < ATTEMPTS {
            return table.pause(self.attempts).await;
        }
        Err(JournalError::Remote(match written {
            Written::Perhaps(fault) => fault,
            Written::Yes | Written::No => AwsProblem::RecordContended.into(),
        }))
    }
}
