//! The IAM statement that is missing, ready to paste.

use serde_json::json;

use crate::model::arn::trusted;

/// Who calls, in words.
pub fn who(principal: Option<&str>) -> &str {
    principal.unwrap_or("the caller")
}

/// What would allow `principal` to call `action`, in words and JSON. Against an explicit deny, another allow does not help.
pub fn allow(principal: Option<&str>, action: &str, resource: Option<&str>, explicit: bool) -> String {
    let principal = trusted(who(principal));
    if explicit {
        return format!("remove or narrow the policy statement that explicitly denies {action} to {principal}");
    }
    let mut statement = json!({"Effect": "Allow", "Action": action, "Resource": resource.unwrap_or("*")});
    if action == "iam:PassRole" {
        statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}});
    }
    format!("the policy of {principal} needs this statement:\n{}", pretty(&statement))
}

/// What the role's trust policy and the caller's own policy need for `sts:AssumeRole`.
pub fn trust(principal: Option<&str>, role: &str, external_id: Option<&str>, source_identity: bool) -> String {
    let actions =
        if source_identity { json!(["sts:AssumeRole", "sts:SetSourceIdentity"]) } else { json!("sts:AssumeRole") };
    let principal = trusted(who(principal));
    let mut trust = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions});
    let id = match external_id {
        Some(id) => {
            trust["Condition"] = json!({"StringEquals": {"sts:ExternalId": id}});
            "compare its external id with the file's `external_id`"
        }
        None => "if it asks for an external id, the file must give the same as `external_id`",
    };
    let own = json!({"Effect": "Allow", "Action": actions, "Resource": role});
    format!(
        "the trust policy of {role} needs this statement ({id}):\n{}\nand the policy of {principal}:\n{}",
        pretty(&trust),
        pretty(&own),
    )
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value always prints")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_becomes_the_missing_statement() {
        let session = "arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r1";
        let text = allow(Some(session), "ecs:UpdateService", Some("arn:aws:ecs:ap-northeast-1:2:service/a/web"), false);
        assert!(text.starts_with("the policy of arn:aws:iam::222222222222:role/kanmon-deploy needs"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        let resource = "arn:aws:ecs:ap-northeast-1:2:service/a/web";
        assert_eq!(json, json!({"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": resource}));
    }

    #[test]
    fn passing_a_role_is_limited_to_ecs_tasks() {
        let text = allow(Some("arn:aws:iam::1:user/x"), "iam:PassRole", Some("arn:r"), false);
        assert!(text.contains("\"iam:PassedToService\": \"ecs-tasks.amazonaws.com\""), "{text}");
    }

    #[test]
    fn an_explicit_deny_is_shown_without_another_allow() {
        let text = allow(Some("arn:aws:iam::1:user/x"), "ecs:UpdateService", None, true);
        assert!(text.contains("explicitly denies ecs:UpdateService") && !text.contains("Allow"), "{text}");
    }

    #[test]
    fn the_trust_policy_and_the_callers_own_are_both_shown() {
        let text = trust(Some("arn:aws:sts::1:assumed-role/ci/run-7"), "arn:aws:iam::2:role/deploy", Some("x-1"), true);
        assert!(text.contains("\"AWS\": \"arn:aws:iam::1:role/ci\""), "{text}");
        assert!(text.contains("\"sts:ExternalId\": \"x-1\"") && text.contains("\"sts:SetSourceIdentity\""), "{text}");
        assert!(text.contains("\"Resource\": \"arn:aws:iam::2:role/deploy\""), "{text}");
    }
}
