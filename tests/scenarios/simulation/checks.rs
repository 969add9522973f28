//! Checks that ask the sandbox's services in process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Uri};

use super::call_interceptor::CallInterceptor;
use super::time::Time;
use kanmon::model::check_result::{CheckResult, HttpAnswer};
use kanmon::model::step::check::Check;
use kanmon::model::verdict::Verdict;
use kanmon::ports::checks::{Checked, Checks};
use kanmon::sandbox::connector::SharedWorld;

#[derive(Clone)]
pub struct SandboxChecks {
    pub world: SharedWorld,
    pub time: Arc<Time>,
    pub interceptor: Arc<CallInterceptor>,
}

impl SandboxChecks {
    fn ask(&self, url: &str, status: u16, contains: Option<&str>) -> Checked {
        let uri: Uri = url.parse().expect("the file's URLs are checked");
        let request = Request::get(uri.path()).body(Bytes::new()).expect("a request");
        let answer = self.world.lock().unwrap().handle(self.time.timestamp(), request);
        let got = answer.status().as_u16();
        let said = contains.is_none_or(|c| String::from_utf8_lossy(answer.body()).contains(c));
        let (verdict, answer) = match contains {
            _ if got != status => (Verdict::Fail, HttpAnswer::OtherStatus { status: got, expected: status }),
            Some(text) if !said => (Verdict::Fail, HttpAnswer::WithoutText { status: got, text: text.to_owned() }),
            Some(_) | None => (Verdict::Pass, HttpAnswer::Expected { status: got }),
        };
        Checked { verdict, result: CheckResult::Http { url: url.to_owned(), answer, tried_for: None } }
    }
}

#[async_trait]
impl Checks for SandboxChecks {
    async fn check(&self, check: &Check, _: &[(String, String)]) -> Checked {
        let Check::Http { url, status, contains, timeout } = check else {
            panic!("stories check by HTTP");
        };
        let late = tokio::time::Instant::now() + Duration::try_from(*timeout).expect("a timeout");
        loop {
            let checked = self.interceptor.pass("check", async { self.ask(url, *status, contains.as_deref()) }).await;
            if checked.verdict == Verdict::Pass || tokio::time::Instant::now() >= late {
                return checked;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
