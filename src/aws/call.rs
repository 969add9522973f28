//! One call: the only way that a request reaches AWS.

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::errors::{self, Caller, Refusal};
use super::operations::Op;
use super::session::Session;

/// A request of one operation, from a client with this operation's retry class and fence. Only `requests` makes one.
pub struct Call<'s, R> {
    session: &'s Session,
    op: Op,
    request: R,
}

impl<'s, R> Call<'s, R> {
    pub(super) fn new(session: &'s Session, op: Op, request: R) -> Call<'s, R> {
        Call { session, op, request }
    }

    /// Fills the request in and sends it, within its quota; its error is made a fault.
    ///
    /// # Errors
    /// The fault, and AWS's own code where it gave one.
    pub async fn send<T, E, F>(self, send: impl FnOnce(R) -> F) -> Result<T, Refusal>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let sent = send(self.request);
        self.session.limiter.pass(self.op.operation.bucket()).await;
        let principal = Some(self.session.identity().arn.as_str());
        let caller = Caller { principal, account: &self.session.account.name };
        sent.await.map_err(|e| errors::refusal(&self.op, caller, e))
    }
}
