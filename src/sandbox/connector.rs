//! The world in process: an HTTP client for SDKs that calls `World::handle` without a socket, on the caller's clock.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use jiff::Timestamp;

use super::World;
use super::faults::Disturbance;

/// A world that several clients share.
pub type SharedWorld = Arc<Mutex<World>>;

/// An `HttpClient` for `SdkConfig`: any endpoint URL leads to this world.
#[derive(Clone)]
pub struct InProcess {
    world: SharedWorld,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
}

impl InProcess {
    /// `time` is what the world's clock reads at each request; `sleep` serves ordered delays. Both should be the SDK's own.
    pub fn new(world: SharedWorld, time: impl TimeSource + 'static, sleep: impl AsyncSleep + 'static) -> InProcess {
        InProcess { world, time: SharedTimeSource::new(time), sleep: SharedAsyncSleep::new(sleep) }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = read(request).map_err(|e| ConnectorError::user(e.into()))?;
        let now = Timestamp::try_from(self.time.now()).map_err(|e| ConnectorError::user(e.into()))?;
        // After a panic elsewhere the world is still in one of its own states.
        let response = self.world.lock().unwrap_or_else(PoisonError::into_inner).handle(now, request);
        match response.extensions().get::<Disturbance>() {
            Some(Disturbance::Reset) => {
                let reset = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset by peer");
                return Err(ConnectorError::io(reset.into()));
            }
            Some(Disturbance::Delay(milliseconds)) => self.sleep.sleep(Duration::from_millis(*milliseconds)).await,
            None => {}
        }
        write(response).map_err(|e| ConnectorError::other(e.into(), None))
    }
}

/// The request as it would be sent: with its host, which clients leave to their HTTP library.
fn read(request: HttpRequest) -> Result<http::Request<Bytes>, String> {
    let uri: http::Uri = request.uri().parse().map_err(|e| format!("{}: {e}", request.uri()))?;
    let mut builder = http::Request::builder().method(request.method());
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    if request.headers().get("host").is_none()
        && let Some(authority) = uri.authority()
    {
        let port = authority.port_u16().filter(|p| *p != 80 && *p != 443);
        let host = port.map_or(authority.host().to_owned(), |p| format!("{}:{p}", authority.host()));
        builder = builder.header("host", host);
    }
    let body = request.body().bytes().ok_or("a streaming body cannot be signed here")?;
    builder.uri(uri).body(Bytes::copy_from_slice(body)).map_err(|e| e.to_string())
}

fn write(response: http::Response<Bytes>) -> Result<HttpResponse, String> {
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16().try_into().map_err(|_| format!("{} is not a status", parts.status))?;
    let mut out = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in &parts.headers {
        let value = value.to_str().map_err(|e| e.to_string())?.to_owned();
        out.headers_mut().append(name.as_str().to_owned(), value);
    }
    Ok(out)
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
