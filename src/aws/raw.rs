//! JSON as it is sent and received. Typed structures drop members that are newer than the SDK; task definitions and the like
//! therefore travel raw, in requests that the SDK still signs, sends and retries.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

/// Sends this JSON instead of what the SDK serialized. For the AWS JSON protocols only, whose body is the whole input.
#[derive(Debug, Clone)]
pub(super) struct SendRaw(Vec<u8>);

impl SendRaw {
    pub fn new(input: &Value) -> SendRaw {
        SendRaw(input.to_string().into_bytes())
    }
}

impl Intercept for SendRaw {
    fn name(&self) -> &'static str {
        "SendRaw"
    }

    // Before the retry loop's checkpoint, so that every attempt sends and signs it.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.clone());
        Ok(())
    }
}

/// Keeps the reply's body beside its typed form: the last attempt's.
#[derive(Debug, Clone, Default)]
pub(super) struct KeepRaw(Arc<Mutex<Option<Vec<u8>>>>);

impl KeepRaw {
    /// `None` where the reply was not JSON.
    pub fn json(&self) -> Option<Value> {
        let body = self.0.lock().expect("nothing panics while it holds the reply").take();
        serde_json::from_slice(body.as_deref().unwrap_or_default()).ok()
    }
}

impl Intercept for KeepRaw {
    fn name(&self) -> &'static str {
        "KeepRaw"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().map(<[u8]>::to_vec);
        *self.0.lock().expect("nothing panics while it holds the reply") = body;
        Ok(())
    }
}
