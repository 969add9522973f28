//! One call that changes something, over its attempts.

use super::table::{Table, Written};
use crate::model::fault::aws::AwsProblem;
use crate::ports::journal::JournalError;

/// Every attempt that fails found a change of somebody else's, so some call got through each time; with the pauses between,
/// these take a second or two.
const ATTEMPTS: u32 = 12;

pub(super) struct WriteAttempts {
    name: String,
    attempts: u32,
}

impl WriteAttempts {
    pub fn new() -> WriteAttempts {
        WriteAttempts { name: format!("{:024x}", rand::random::<u128>() >> 32), attempts: 0 }
    }

    /// Names this attempt in what it writes, and to DynamoDB, which takes up to 36 characters and 10 minutes to tell repetitions
    /// by. An attempt that read anew writes something else and needs another token.
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
