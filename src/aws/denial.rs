//! What AWS's message about a denial says.

/// Who may not do what to which.
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

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = "User: arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r1 is not authorized to perform: \
        ecs:UpdateService on resource: arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web because no \
        identity-based policy allows the ecs:UpdateService action";

    #[test]
    fn a_denial_names_principal_action_and_resource() {
        let denial = Denial::parse(DENIED);
        assert_eq!(denial.principal.as_deref(), Some("arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r1"));
        assert_eq!(denial.action.as_deref(), Some("ecs:UpdateService"));
        let resource = "arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web";
        assert_eq!(denial.resource.as_deref(), Some(resource));
        assert!(!denial.explicit);
        assert!(Denial::parse(&format!("{DENIED} with an explicit deny in a service control policy")).explicit);
    }

    #[test]
    fn a_full_stop_is_not_part_of_a_resource_and_an_empty_message_gives_nothing() {
        let text = "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: arn:r.";
        assert_eq!(Denial::parse(text).resource.as_deref(), Some("arn:r"));
        assert_eq!(Denial::parse("no"), Denial::default());
    }
}
