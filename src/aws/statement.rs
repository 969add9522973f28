//! The IAM statement that is missing, ready to paste.

use serde_json::json;

use crate::model::arn;

/// What AWS's message says about who may not do what to which.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Denial {
    pub principal: Option<String>,
    pub action: Option<String>,
    pub resource: Option<String>,
    /// A policy forbids it, so that no further statement would allow it.
    pub explicit: bool,
}

impl Denial {
    /// Reads `User: X is not authorized to perform: A on resource: R because …`, as far as it is there.
    pub fn parse(message: &str) -> Denial {
        let word = |after: &str| {
            let rest = &message[message.find(after)? + after.len()..];
            let word = rest.split_whitespace().next()?.trim_matches(|c: char| "\"'`,;)".contains(c));
            let word = word.strip_suffix('.').unwrap_or(word);
            (!word.is_empty()).then(|| word.to_owned())
        };
        Denial {
            principal: word("User: "),
            action: word("to perform: ").filter(|a| a.contains(':')),
            resource: word("on resource: "),
            explicit: message.contains("explicit deny"),
        }
    }
}

/// What would let `principal` do `action`, in words and JSON.
pub(super) fn allow(denial: &Denial, action: &str, principal: &str) -> String {
    let action = denial.action.as_deref().unwrap_or(action);
    let principal = arn::trusted(denial.principal.as_deref().unwrap_or(principal));
    if denial.explicit {
        return format!("a policy explicitly denies {action} to {principal}; that statement has to go or be narrowed");
    }
    let mut statement = json!({
        "Effect": "Allow",
        "Action": action,
        "Resource": denial.resource.as_deref().unwrap_or("*"),
    });
    if action == "iam:PassRole" {
        statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}});
    }
    format!("the policy of {principal} needs this statement:\n{}", pretty(&statement))
}

/// What the role's trust policy and the caller's own policy need for `sts:AssumeRole`.
pub(super) fn trust(principal: &str, role: &str, external_id: Option<&str>, source_identity: bool) -> String {
    let actions =
        if source_identity { json!(["sts:AssumeRole", "sts:SetSourceIdentity"]) } else { json!("sts:AssumeRole") };
    let mut trust = json!({
        "Effect": "Allow",
        "Principal": {"AWS": arn::trusted(principal)},
        "Action": actions,
    });
    let id = match external_id {
        Some(id) => {
            trust["Condition"] = json!({"StringEquals": {"sts:ExternalId": id}});
            "compare its external id with the file's `external_id`".to_owned()
        }
        None => "if it asks for an external id, the file must give the same as `external_id`".to_owned(),
    };
    let own = json!({"Effect": "Allow", "Action": actions, "Resource": role});
    format!(
        "the trust policy of {role} needs this statement ({id}):\n{}\nand the policy of {}:\n{}",
        pretty(&trust),
        arn::trusted(principal),
        pretty(&own),
    )
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value always prints")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = "User: arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r1 is not authorized to perform: \
        ecs:UpdateService on resource: arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web because no \
        identity-based policy allows the ecs:UpdateService action";

    #[test]
    fn a_denial_becomes_the_missing_statement() {
        let text = allow(&Denial::parse(DENIED), "ecs:Other", "arn:aws:iam::1:user/x");
        assert!(text.starts_with("the policy of arn:aws:iam::222222222222:role/kanmon-deploy needs"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        assert_eq!(
            json,
            json!({"Effect": "Allow", "Action": "ecs:UpdateService",
                   "Resource": "arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web"})
        );
    }

    #[test]
    fn passing_a_role_is_limited_to_ecs_tasks() {
        let d =
            Denial::parse("User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: arn:r.");
        assert_eq!(d.resource.as_deref(), Some("arn:r"));
        assert!(
            allow(&d, "ecs:RegisterTaskDefinition", "p")
                .contains("\"iam:PassedToService\": \"ecs-tasks.amazonaws.com\"")
        );
    }

    #[test]
    fn an_explicit_deny_is_not_answered_with_another_allow() {
        let text =
            allow(&Denial::parse(&format!("{DENIED} with an explicit deny in a service control policy")), "a", "p");
        assert!(text.contains("explicitly denies ecs:UpdateService") && !text.contains("Allow"), "{text}");
    }

    #[test]
    fn a_message_that_says_nothing_leaves_the_call_and_the_caller() {
        let text = allow(&Denial::parse("no"), "ecr:DescribeImages", "arn:aws:iam::1:user/x");
        assert!(
            text.contains("arn:aws:iam::1:user/x") && text.contains("\"ecr:DescribeImages\"") && text.contains("\"*\"")
        );
    }
}
