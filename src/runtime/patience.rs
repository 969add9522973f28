//! Asking a store again that does not answer for a while. A lease that ran out meanwhile is lost only when somebody takes it, which
//! the store's next answer tells; until then nothing is sent that changes anything.

use std::sync::Arc;

use jiff::SignedDuration;

use super::stop::Stop;
use crate::engine::retry::{RETRY_FOR, pause};
use crate::ports::clock::Clock;
use crate::ports::journal::JournalError;

/// How long one question is repeated.
pub struct Patience {
    clock: Arc<dyn Clock>,
    stop: Stop,
    since: SignedDuration,
    failures: u32,
}

impl Patience {
    pub fn new(clock: &Arc<dyn Clock>, stop: &Stop) -> Patience {
        Patience { clock: clock.clone(), stop: stop.clone(), since: clock.uptime(), failures: 0 }
    }

    /// Waits until it may be asked again.
    ///
    /// # Errors
    /// The error itself, where asking again is of no use, was done for long enough, or somebody asks this process to stop.
    pub async fn again(&mut self, error: JournalError) -> Result<(), JournalError> {
        self.failures += 1;
        if !passes(&error) || self.stop.is_asked() || self.clock.uptime() - self.since >= RETRY_FOR {
            return Err(error);
        }
        tokio::select! {
            biased;
            () = self.stop.asked() => Err(error),
            () = self.clock.sleep(pause(self.failures)) => Ok(()),
        }
    }
}

/// Whether a store that answered so may do as asked a little later.
pub fn passes(error: &JournalError) -> bool {
    match error {
        JournalError::Busy(_) => true,
        JournalError::Remote(fault) => fault.kind().is_passing(),
        // A disk that is full stays so until somebody does something.
        JournalError::Store(_)
        | JournalError::Gone(_)
        | JournalError::NoSuchRelease(_)
        | JournalError::Held { .. }
        | JournalError::Frozen(_)
        | JournalError::LostLease { .. }
        | JournalError::Imported(..)
        | JournalError::Foreign(_)
        | JournalError::MadeElsewhere(_)
        | JournalError::Corrupt(_)
        | JournalError::Unknown(_)
        | JournalError::Newer { .. }
        | JournalError::Older { .. } => false,
    }
}
