//! Names that ECS gives: ARNs, and ids derived from what they name, so that the same history yields the same ids.

use jiff::Timestamp;

use crate::model::ids::{AccountId, Region, sha256_hex};

/// The account and region of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    pub account: AccountId,
    pub region: Region,
}

impl Home {
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }

    pub fn cluster(&self, cluster: &str) -> String {
        self.arn(&format!("cluster/{cluster}"))
    }

    pub fn service(&self, cluster: &str, service: &str) -> String {
        self.arn(&format!("service/{cluster}/{service}"))
    }

    pub fn task(&self, cluster: &str, id: &str) -> String {
        self.arn(&format!("task/{cluster}/{id}"))
    }

    pub fn container(&self, cluster: &str, task: &str, name: &str) -> String {
        self.arn(&format!("container/{cluster}/{task}/{}", uuid(&[cluster, task, name])))
    }

    pub fn task_definition(&self, family: &str, revision: u64) -> String {
        self.arn(&format!("task-definition/{family}:{revision}"))
    }

    pub fn service_deployment(&self, cluster: &str, service: &str, id: &str) -> String {
        self.arn(&format!("service-deployment/{cluster}/{service}/{id}"))
    }

    pub fn service_revision(&self, cluster: &str, service: &str, number: u64) -> String {
        self.arn(&format!("service-revision/{cluster}/{service}/{number}"))
    }
}

/// The part of an ARN after `kind/`, or the string itself if it is not an ARN of that kind: most members accept either.
pub fn tail<'a>(text: &'a str, kind: &str) -> &'a str {
    if !text.starts_with("arn:") {
        return text;
    }
    let resource = text.splitn(6, ':').nth(5).unwrap_or(text);
    resource.strip_prefix(kind).and_then(|r| r.strip_prefix('/')).unwrap_or(text)
}

/// The last path segment of an ARN or path: a task's id, a service's name.
pub fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// The account and region that an ARN names; `None` for a string that is not an ARN.
pub fn names_home(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.strip_prefix("arn:")?.split(':');
    let (region, account) = (parts.nth(2)?, parts.next()?);
    Some((account, region))
}

fn hex(parts: &[&str]) -> String {
    sha256_hex(parts.join("\u{0}").as_bytes())
}

/// 32 hex digits, as a task's id.
pub fn hex32(parts: &[&str]) -> String {
    hex(parts)[..32].to_owned()
}

/// A UUID's form.
pub fn uuid(parts: &[&str]) -> String {
    let h = hex(parts);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..32])
}

/// Nineteen digits, as in `ecs-svc/4980306466373577095` and in service revisions.
pub fn number(parts: &[&str]) -> u64 {
    let n = u64::from_str_radix(&hex(parts)[..15], 16).expect("15 hex digits fit");
    1_000_000_000_000_000_000 + n
}

/// Twenty-one letters and digits, as a service deployment's id.
pub fn short(parts: &[&str]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let h = hex(parts);
    (0..21)
        .map(|i| {
            let byte = usize::from_str_radix(&h[i * 2..i * 2 + 2], 16).expect("two hex digits");
            LETTERS[byte % LETTERS.len()] as char
        })
        .collect()
}

/// A number from 0 to below `below`, derived from the name: the spread between tasks.
pub fn spread(id: &str, below: u64) -> u64 {
    u64::from_str_radix(&hex(&[id])[..8], 16).expect("8 hex digits fit") % below
}

/// A time, as a part of what an id is derived from.
pub fn stamp(at: Timestamp) -> String {
    at.as_nanosecond().to_string()
}
