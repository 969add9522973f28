//! The network from a process to AWS: a request may arrive long after its sender has given up or has died.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use kanmon::model::ids::ReleaseId;
use kanmon::sandbox::connector::InProcess;
use serde_json::Value;
use tokio::time::Instant;

use super::log::{Call, Entry};
use super::process::Process;

#[derive(Clone)]
pub struct Network {
    pub inner: InProcess,
    pub process: Arc<Process>,
    pub release: ReleaseId,
}

const CHANGES: [&str; 4] = ["RegisterTaskDefinition", "RunTask", "UpdateService", "StopServiceDeployment"];

impl Network {
    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = changing(&request);
        if self.process.loses() {
            return Err(broken());
        }
        let sent = Instant::now();
        // From here on the request is in transit and cannot be cancelled.
        let (way, network) = (self.process.way(call.is_some()), self.clone());
        if let (Some(way), Some(_)) = (way, &call) {
            let process = self.process.clone();
            tokio::spawn(async move { process.stops_during(way).await });
        }
        let arriving = tokio::spawn(async move {
            match way {
                Some(way) => tokio::time::sleep(way).await,
                None => network.process.passes().await,
            }
            let answer = network.inner.call(request).await;
            if let Some(mut call) = call {
                call.worked = answer.as_ref().is_ok_and(|a| a.status().is_success());
                let (process, release) = (network.process.holder.id.clone(), network.release.clone());
                network.process.log.put(Entry::Arrived { process, release, call, underway: sent.elapsed() });
            }
            answer
        });
        let answer = arriving.await.map_err(|e| ConnectorError::other(e.into(), None))?;
        self.process.passes().await;
        if self.process.loses() { Err(broken()) } else { answer }
    }
}

fn broken() -> ConnectorError {
    ConnectorError::io(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset by peer").into())
}

/// The call of a request that changes something.
fn changing(request: &HttpRequest) -> Option<Call> {
    let operation = request.headers().get("x-amz-target")?.rsplit('.').next()?.to_owned();
    if !CHANGES.contains(&operation.as_str()) {
        return None;
    }
    let body: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Some(Call { operation, service: text("service"), definition: text("taskDefinition"), worked: false })
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Network {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
