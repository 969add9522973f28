//! The check of the lease right before a call that changes something leaves this process, whichever adapter sends it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::fault::Fault;

/// Whether a call that changes something may be sent now. The fault says why not.
pub type MaySend = Arc<dyn Fn() -> Result<(), Fault> + Send + Sync>;

/// Shared by all that one adapter sends.
#[derive(Clone)]
pub struct Fence(Arc<Mutex<Option<MaySend>>>);

impl Fence {
    /// For a command that holds no release: there is no lease to check, so everything may be sent. A runner sets it while it works.
    pub fn open() -> Fence {
        Fence(Arc::new(Mutex::new(None)))
    }

    pub fn set(&self, may_send: MaySend) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(may_send);
    }

    /// # Errors
    /// Why nothing may be sent.
    pub fn check(&self) -> Result<(), Fault> {
        let may_send = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        may_send.map_or(Ok(()), |may_send| may_send())
    }
}

impl std::fmt::Debug for Fence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fence")
    }
}
