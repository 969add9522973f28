//! The last word before a call that changes something leaves this process, at each attempt: credentials, quotas and the SDK's own
//! pauses may have taken long since it was decided.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::ports::accounts::MaySend;

/// Shared by all sessions of a process. Until it is set, everything may be sent.
#[derive(Clone, Default)]
pub(super) struct Fence(Arc<Mutex<Option<MaySend>>>);

impl Fence {
    pub fn set(&self, may_send: MaySend) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(may_send);
    }
}

impl std::fmt::Debug for Fence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fence")
    }
}

#[dyn_dispatch_hint]
impl Intercept for Fence {
    fn name(&self) -> &'static str {
        "Fence"
    }

    /// The fault goes through the SDK as it is, and comes out as the call's own.
    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let may_send = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        may_send.map_or(Ok(()), |may_send| may_send().map_err(Into::into))
    }
}
