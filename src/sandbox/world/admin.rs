//! `/_sandbox/…`: what AWS does not have. Faults, the log, new findings, results of external actions, and what a service's users would
//! reach, by the service's name or at an address of the outside.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::codepipeline::external::ActionEnd;
use crate::sandbox::codepipeline::triggered::Triggered;
use crate::sandbox::ecs::alarms::AlarmState;
use crate::sandbox::faults::Fault;
use crate::sandbox::inspector::behaviour::{Findings, Images, LaterFindings, StatusChange};
use crate::sandbox::inspector::finding::Status;
use crate::sandbox::seed::Address;

/// Findings that a re-scan turns up, and what becomes of others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFindings {
    #[serde(default)]
    images: Images,
    #[serde(default)]
    findings: Findings,
    /// Vulnerabilities whose findings close, or are suppressed, or are active again.
    #[serde(default)]
    close: Vec<String>,
    #[serde(default)]
    suppress: Vec<String>,
    #[serde(default)]
    reopen: Vec<String>,
    /// In how many real seconds; at once where absent.
    #[serde(default)]
    after: u32,
}

/// An alarm that changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmChange {
    account: AccountId,
    region: Region,
    name: String,
    state: AlarmState,
    /// In how many real seconds; at once where absent.
    #[serde(default)]
    after: u32,
}

type Reply = Result<Value, (StatusCode, String)>;

impl World {
    pub(super) fn admin(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path().trim_start_matches("/_sandbox/");
        let method = request.method();
        if let Some(rest) = path.strip_prefix("at/") {
            return self.at(rest);
        }
        let reply = match path {
            "faults" if method == Method::POST => self.take_order(request.body()),
            "faults" if method == Method::GET => Ok(json!({"faults": self.faults.orders()})),
            "faults" if method == Method::DELETE => {
                self.faults.clear();
                Ok(json!({"faults": []}))
            }
            "findings" if method == Method::POST => self.take_findings(request.body()),
            "alarms" if method == Method::POST => self.take_alarm(request.body()),
            "actions" if method == Method::POST => self.end_action(request.body()),
            "executions" if method == Method::POST => self.trigger_execution(request.body()),
            "log" if method == Method::GET => Ok(self.log_since(request.uri().query())),
            _ => match path.split_once('/') {
                Some(("service", rest)) => self.service(rest),
                Some(("sessions", rest)) if method == Method::DELETE => self.end_sessions(rest),
                _ => {
                    let here =
                        "actions, alarms, at/…, executions, faults, findings, log, service/… and sessions/… are here";
                    Err((StatusCode::NOT_FOUND, here.to_owned()))
                }
            },
        };
        match reply {
            Ok(body) => json_response(StatusCode::OK, &body),
            Err((status, message)) => json_response(status, &json!({"message": message})),
        }
    }

    /// `HOST[/…]`: what the service at this address answers, which the seed names.
    fn at(&self, rest: &str) -> Response<Bytes> {
        let host = rest.split('/').next().unwrap_or(rest);
        let message = |text: String| json!({ "message": text });
        let Some(address) = self.addresses.get(host) else {
            return json_response(StatusCode::NOT_FOUND, &message(format!("the seed has no address {host}")));
        };
        let Address { account, region, cluster, service, status, body } = address;
        let region = region.as_ref().map_or("", Region::as_str);
        match (self.reached(account.as_str(), region, cluster, service), body) {
            (None, _) => {
                let text = format!("nothing runs in {cluster}/{service}");
                json_response(StatusCode::SERVICE_UNAVAILABLE, &message(text))
            }
            (Some(running), None) => json_response(code(*status), &running),
            (Some(_), Some(text)) => response(code(*status), "text/plain; charset=utf-8", text.clone()),
        }
    }

    /// One fault or a list of them.
    fn take_order(&mut self, body: &Bytes) -> Reply {
        let value: Value = parsed(body)?;
        let list = if value.is_array() { value } else { Value::Array(vec![value]) };
        let orders: Vec<Fault> = serde_json::from_value(list).map_err(bad)?;
        if let Some(order) = orders.iter().find(|o| !(0.0..=1.0).contains(&o.probability)) {
            return Err(bad(format!("probability is 0 to 1, not {}", order.probability)));
        }
        orders.into_iter().for_each(|fault| self.faults.order(fault));
        Ok(json!({"faults": self.faults.orders()}))
    }

    fn take_findings(&mut self, body: &Bytes) -> Reply {
        let new: NewFindings = parsed(body)?;
        let count = new.findings.specs().map_err(bad)?.len();
        let at = self.now + SignedDuration::from_secs(i64::from(new.after));
        for (ids, status) in
            [(new.close, Status::Closed), (new.suppress, Status::Suppressed), (new.reopen, Status::Active)]
        {
            if !ids.is_empty() {
                self.inspector.add_status_change(StatusChange { images: new.images.clone(), at, ids, status });
            }
        }
        self.add_findings(LaterFindings { images: new.images, at, findings: new.findings });
        Ok(json!({"findings": count, "at": at}))
    }

    fn take_alarm(&mut self, body: &Bytes) -> Reply {
        let change: AlarmChange = parsed(body)?;
        let at = self.now + SignedDuration::from_secs(i64::from(change.after));
        self.set_alarm(&change.account, &change.region, &change.name, change.state, at);
        Ok(json!({"name": change.name, "at": at}))
    }

    fn end_action(&mut self, body: &Bytes) -> Reply {
        let end: ActionEnd = parsed(body)?;
        self.codepipeline.end_action(end, self.now).map_err(bad)?;
        Ok(json!({}))
    }

    fn trigger_execution(&mut self, body: &Bytes) -> Reply {
        let by: Triggered = parsed(body)?;
        let id = self.codepipeline.trigger(by, self.now).map_err(bad)?;
        Ok(json!({"execution": id}))
    }

    fn log_since(&self, query: Option<&str>) -> Value {
        let after = query.and_then(|q| q.strip_prefix("after=")).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let (calls, dropped) = self.log.after(after);
        json!({"calls": calls, "dropped": dropped})
    }

    /// `ACCOUNT/ROLE`: the role's sessions expire now.
    fn end_sessions(&mut self, of: &str) -> Reply {
        let named = of.split_once('/').and_then(|(account, role)| Some((account.parse().ok()?, role)));
        let (account, role) = named.ok_or((StatusCode::NOT_FOUND, "sessions/ACCOUNT/ROLE".to_owned()))?;
        self.directory.expire_sessions(&account, role, self.now);
        Ok(json!({"expired": of}))
    }

    /// `ACCOUNT/REGION/CLUSTER/SERVICE[/…]`: a stand-in for the load balancer, so that a check has something to ask.
    fn service(&self, rest: &str) -> Reply {
        let mut parts = rest.splitn(5, '/');
        let mut part = || parts.next().filter(|p| !p.is_empty());
        let (Some(account), Some(region), Some(cluster), Some(service)) = (part(), part(), part(), part()) else {
            return Err((StatusCode::NOT_FOUND, "service/ACCOUNT/REGION/CLUSTER/SERVICE".to_owned()));
        };
        let nothing = || (StatusCode::SERVICE_UNAVAILABLE, format!("nothing runs in {cluster}/{service}"));
        self.reached(account, region, cluster, service).ok_or_else(nothing)
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
}

fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    response(status, "application/json", body.to_string())
}

fn response(status: StatusCode, media_type: &str, body: String) -> Response<Bytes> {
    let builder = Response::builder().status(status).header("content-type", media_type);
    builder.body(Bytes::from(body)).expect("constant headers")
}

fn bad(e: impl ToString) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, e.to_string())
}

fn parsed<T: for<'a> Deserialize<'a>>(body: &Bytes) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(bad)
}
