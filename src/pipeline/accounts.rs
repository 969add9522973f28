//! `accounts`.

use std::collections::BTreeMap;

use super::diagnostics::Mistake;
use super::reader::{Reader, Section};
use super::yaml::Node;
use crate::model::address;
use crate::model::ids::{AccountId, AccountName, Region};
use crate::model::partition::{self, Known};
use crate::model::pipeline::{Account, Assume};

pub fn read(reader: &mut Reader<'_>) -> BTreeMap<AccountName, Account> {
    let mut accounts = BTreeMap::new();
    for (key, node) in reader.document.get(Section::Accounts.key()).map_or(&[][..], Node::entries) {
        let name = reader.key::<AccountName>(key);
        let id = node.get("id").and_then(Node::text).and_then(|t| t.parse::<AccountId>().ok());
        let region = node.get("region").and_then(|n| region(reader, n, node.get("endpoints").is_some()));
        let role = node.get("role").and_then(|n| role(reader, n, id.as_ref(), region.as_ref()));
        let mut endpoints = BTreeMap::new();
        for (service, url) in node.get("endpoints").map_or(&[][..], Node::entries) {
            endpoints.extend(endpoint(reader, url).map(|url| (service.name.clone(), url)));
        }
        let text = |name| node.get(name).and_then(Node::text).map(str::to_owned);
        if let (Some(name), Some(id), Some(region)) = (name, id, region) {
            let assume = match text("assume").as_deref() {
                Some("outside") => Assume::Outside,
                _ => Assume::Always,
            };
            let (external_id, profile) = (text("external_id"), text("profile"));
            accounts.insert(name.clone(), Account { name, id, region, role, external_id, assume, profile, endpoints });
        }
        if let (Some(key), None) = (node.key("external_id"), node.get("role")) {
            reader.say_hint(
                key.span,
                "`external_id` needs a `role`",
                "add the `role`: the external id is passed when it is assumed",
            );
        }
    }
    accounts
}

/// A URL to use instead of AWS's own. Its answers are trusted and it gets credentials, so without TLS it must be on this machine.
fn endpoint(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.url(node)?;
    let url = reqwest::Url::parse(&text).ok()?;
    if url.scheme() == "http" && !address::is_loopback(url.host_str()?) {
        reader.say_hint(
            node.span,
            format!("`{text}` does not use TLS, which is allowed on this machine only"),
            "write an https:// URL for an endpoint on another machine",
        );
        return None;
    }
    Some(text)
}

/// A region that AWS has or may have by now. With endpoints of the file's own, any region is accepted.
fn region(reader: &mut Reader<'_>, node: &Node, own_endpoints: bool) -> Option<Region> {
    let region = reader.id::<Region>(node.text()?, node.span)?;
    let unknown = || format!("`{region}` is not a region of AWS that kanmon knows");
    match partition::known(region.as_str()) {
        Known::Listed => {}
        Known::Unlikely { nearest: Some(near) } if !own_endpoints => {
            reader.say_hint(node.span, format!("`{region}` is not a region of AWS"), format!("did you mean `{near}`?"));
        }
        Known::Unlikely { .. } if own_endpoints => {}
        Known::Plausible | Known::Unlikely { .. } => {
            reader.warnings.push(
                Mistake::new(node.span, unknown()).hint("correct it, unless the region is newer than this kanmon"),
            );
        }
    }
    Some(region)
}

/// A role's name, or its ARN in this account and the region's partition.
fn role(reader: &mut Reader<'_>, node: &Node, id: Option<&AccountId>, region: Option<&Region>) -> Option<String> {
    let text = node.text()?;
    // IAM: names have up to 64 of these characters, after an optional path.
    let named = |s: &str| {
        !s.is_empty() && s.len() <= 576 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    };
    if !text.starts_with("arn:") {
        if named(text) && !text.starts_with('/') {
            return Some(text.to_owned());
        }
        reader.say_hint(
            node.span,
            format!("`{text}` is not a role"),
            "write a role's name, such as kanmon-deploy, or its ARN",
        );
        return None;
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", of, "iam", "", account, role] if role.strip_prefix("role/").is_some_and(named) => {
            if let Some(id) = id.filter(|id| id.as_str() != *account) {
                reader.say_hint(
                    node.span,
                    format!("this role is in account {account}, but this account's `id` is {id}"),
                    "correct the `id` or the role's ARN",
                );
            }
            if let Some((region, home)) = region.and_then(|r| Some((r, partition::of(r.as_str())?)))
                && home.id != *of
            {
                let message = format!("this role is in partition `{of}`, but {region} is in `{}`", home.id);
                reader.say_hint(node.span, message, format!("write arn:{}:iam::{account}:{role}", home.id));
            }
            Some(text.to_owned())
        }
        _ => {
            reader.say_hint(
                node.span,
                format!("`{text}` is not the ARN of a role"),
                "such as arn:aws:iam::222222222222:role/kanmon-deploy",
            );
            None
        }
    }
}
