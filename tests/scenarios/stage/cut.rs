//! Where a process is cut off: at one of its calls, before it takes effect or before its answer arrives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use kanmon::journal::Moment;
use kanmon::sandbox::connector::InProcess;
use tokio::sync::Notify;

/// A call of a process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The operation, where its name is in the request; else its path.
    pub what: String,
    /// How long the record was by then.
    pub appends: usize,
}

/// Counts the calls of all processes: to AWS, of the image tools, and of checks.
#[derive(Debug, Default)]
pub struct Cut {
    order: Mutex<Option<(usize, Moment)>>,
    calls: Mutex<Vec<Call>>,
    appends: AtomicUsize,
    reached: Notify,
}

impl Cut {
    /// The `nth` call from now on never returns to its process.
    pub fn order(&self, nth: usize, moment: Moment) {
        self.calls.lock().unwrap().clear();
        *self.order.lock().unwrap() = Some((nth, moment));
    }

    /// Waits until a process has come that far.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Something was written down.
    pub fn appended(&self) {
        self.appends.fetch_add(1, Ordering::Relaxed);
    }

    /// All calls so far, in their order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub async fn pass<T>(&self, what: &str, call: impl Future<Output = T>) -> T {
        let nth = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(Call { what: what.to_owned(), appends: self.appends.load(Ordering::Relaxed) });
            calls.len()
        };
        self.stop_at(nth, Moment::Before).await;
        let answer = call.await;
        self.stop_at(nth, Moment::After).await;
        answer
    }

    async fn stop_at(&self, nth: usize, moment: Moment) {
        if self.order.lock().unwrap().take_if(|order| *order == (nth, moment)).is_some() {
            self.reached.notify_one();
            std::future::pending().await
        }
    }
}

/// The way to AWS that processes of kanmon have.
#[derive(Debug, Clone)]
pub struct Wire {
    pub world: InProcess,
    pub cut: Arc<Cut>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Wire { world, cut } = self.clone();
        let target = request.headers().get("x-amz-target").and_then(|t| t.rsplit('.').next());
        let uri = request.uri();
        let path = uri.find("://").map_or(uri, |at| uri[at + 3..].find('/').map_or("/", |p| &uri[at + 3 + p..]));
        let what = target.unwrap_or(path).to_owned();
        HttpConnectorFuture::new(async move { cut.pass(&what, world.call(request)).await })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
