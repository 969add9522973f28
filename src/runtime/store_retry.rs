//! Asking a store again that does not answer for a while. A lease that expired meanwhile is lost only when somebody takes it, which the
//! store's next answer shows; until then nothing is sent that changes anything.

use std::sync::Arc;

use jiff::SignedDuration;

use super::stop::Stop;
use crate::engine::retry::{RETRY_FOR, pause};
use crate::ports::clock::Clock;
use crate::ports::journal::JournalError;

/// How long one question is repeated.
pub struct StoreRetry {
    clock: Arc<dyn Clock>,
    stop: Stop,
    since: SignedDuration,
    failures: u32,
}

impl StoreRetry {
    pub fn new(clock: &Arc<dyn Clock>, stop: &Stop) -> StoreRetry {
        StoreRetry { clock: clock.clone(), stop: stop.clone(), since: clock.uptime(), failures: 0 }
    }

    /// Waits until it may be asked again.
    ///
    /// # Errors
    /// The error itself, where asking again is useless or was done for long enough, or this process is asked to stop.
    pub async fn wait(&mut self, error: JournalError) -> Result<(), JournalError> {
        self.failures += 1;
        if !is_transient(&error) || self.stop.is_requested() || self.clock.uptime() - self.since >= RETRY_FOR {
            return Err(error);
        }
        tokio::select! {
            biased;
            () = self.stop.requested() => Err(error),
            () = self.clock.sleep(pause(self.failures)) => Ok(()),
        }
    }
}

/// Whether a store that answered with this error may succeed a little later.
pub fn is_transient(error: &JournalError) -> bool {
    match error {
        JournalError::Busy { .. } => true,
        JournalError::Remote(fault) => fault.kind().is_passing(),
        // A full disk stays full until somebody frees space.
        JournalError::Store(_)
        | JournalError::Gone { .. }
        | JournalError::Conflict(_)
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
