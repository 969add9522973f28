//! Counts the calls of a process, and can stop it at one of them, before it takes effect or before its answer arrives.

use std::collections::{BTreeMap, BTreeSet};
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
    /// The length of the record at that time.
    pub appends: usize,
}

/// Called before and after every call.
type Hook = Box<dyn FnMut(usize, Moment) + Send>;

/// Counts the calls of all processes: to AWS, of the image tools, and of checks.
#[derive(Default)]
pub struct CallInterceptor {
    order: Mutex<Option<(usize, Moment)>>,
    hook: Mutex<Option<Hook>>,
    calls: Mutex<Vec<Call>>,
    appends: AtomicUsize,
    reached: Notify,
    /// What calls with a token created, according to AWS's answers: the same task for the same token.
    made: Mutex<BTreeSet<(String, String)>>,
}

/// Calls that carry a token, and where their answer names what they created.
const MADE: [(&str, &str); 2] = [("RunTask", "/tasks/0/taskArn"), ("StartPipelineExecution", "/pipelineExecutionId")];

impl std::fmt::Debug for CallInterceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallInterceptor").finish_non_exhaustive()
    }
}

impl CallInterceptor {
    /// The `nth` call from now on never returns to its process.
    pub fn order(&self, nth: usize, moment: Moment) {
        self.calls.lock().unwrap().clear();
        *self.order.lock().unwrap() = Some((nth, moment));
    }

    /// The first call from now on is number 1.
    pub fn forget(&self) {
        self.calls.lock().unwrap().clear();
    }

    /// Sets a hook that gets the number of every call, before it is made and after it was answered.
    pub fn set_hook(&self, hook: impl FnMut(usize, Moment) + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub fn end_hook(&self) {
        *self.hook.lock().unwrap() = None;
    }

    /// A copy of the counts, without orders and hooks.
    pub fn copy(&self) -> CallInterceptor {
        CallInterceptor {
            calls: Mutex::new(self.calls()),
            appends: AtomicUsize::new(self.appends.load(Ordering::Relaxed)),
            made: Mutex::new(self.made.lock().unwrap().clone()),
            ..CallInterceptor::default()
        }
    }

    /// How many different things each operation with a token created.
    pub fn made(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (operation, _) in self.made.lock().unwrap().iter() {
            *counts.entry(operation.clone()).or_default() += 1;
        }
        counts
    }

    fn note(&self, what: &str, answer: &[u8]) {
        let Some((_, place)) = MADE.iter().find(|(operation, _)| *operation == what) else { return };
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
        if let Some(name) = answer.pointer(place).and_then(|n| n.as_str()) {
            self.made.lock().unwrap().insert((what.to_owned(), name.to_owned()));
        }
    }

    /// Waits until a process has reached the call that `order` chose.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// A record was appended to.
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
        if let Some(hook) = self.hook.lock().unwrap().as_mut() {
            hook(nth, moment);
        }
        if self.order.lock().unwrap().take_if(|order| *order == (nth, moment)).is_some() {
            self.reached.notify_one();
            std::future::pending().await
        }
    }
}

/// The connection of kanmon's processes to AWS.
#[derive(Debug, Clone)]
pub struct Wire {
    pub world: InProcess,
    pub interceptor: Arc<CallInterceptor>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Wire { world, interceptor } = self.clone();
        let target = request.headers().get("x-amz-target").and_then(|t| t.rsplit('.').next());
        let uri = request.uri();
        let path = uri.find("://").map_or(uri, |at| uri[at + 3..].find('/').map_or("/", |p| &uri[at + 3 + p..]));
        let what = target.unwrap_or(path).to_owned();
        HttpConnectorFuture::new(async move {
            let call = async {
                let answer = world.call(request).await;
                if let Ok(answer) = &answer {
                    interceptor.note(&what, answer.body().bytes().unwrap_or_default());
                }
                answer
            };
            interceptor.pass(&what, call).await
        })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
