//! `accounts`.

use std::collections::BTreeMap;

use super::reader::{Reader, Section};
use super::yaml::Node;
use crate::model::ids::{AccountId, AccountName, Region};
use crate::model::pipeline::{Account, Assume};

pub fn read(reader: &mut Reader<'_>) -> BTreeMap<AccountName, Account> {
    let mut accounts = BTreeMap::new();
    for (key, node) in reader.document.get(Section::Accounts.key()).map_or(&[][..], Node::entries) {
        let name = reader.key::<AccountName>(key);
        let id = node.get("id").and_then(Node::text).and_then(|t| t.parse::<AccountId>().ok());
        let region = node.get("region").and_then(|n| reader.id::<Region>(n.text()?, n.span));
        let role = node.get("role").and_then(|n| role(reader, n, id.as_ref()));
        let mut endpoints = BTreeMap::new();
        for (service, url) in node.get("endpoints").map_or(&[][..], Node::entries) {
            endpoints.extend(reader.url(url).map(|url| (service.name.clone(), url)));
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
            reader.say_hint(key.span, "an external id without a `role`", "it is told to the role that is assumed");
        }
    }
    accounts
}

/// A role's name, or its ARN in this account.
fn role(reader: &mut Reader<'_>, node: &Node, id: Option<&AccountId>) -> Option<String> {
    let text = node.text()?;
    // IAM: names are up to 64 of these, a path may stand before them.
    let named = |s: &str| {
        !s.is_empty() && s.len() <= 576 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    };
    if !text.starts_with("arn:") {
        if named(text) && !text.starts_with('/') {
            return Some(text.to_owned());
        }
        reader.say_hint(node.span, format!("`{text}` is no role"), "a name such as kanmon-deploy, or an ARN");
        return None;
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, role] if role.strip_prefix("role/").is_some_and(named) => {
            if let Some(id) = id.filter(|id| id.as_str() != *account) {
                reader.say(node.span, format!("this role is of account {account}, not of {id}"));
            }
            Some(text.to_owned())
        }
        _ => {
            reader.say_hint(
                node.span,
                format!("`{text}` is no role's ARN"),
                "such as arn:aws:iam::222222222222:role/kanmon-deploy",
            );
            None
        }
    }
}
