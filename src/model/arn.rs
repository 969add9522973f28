//! Amazon Resource Names, taken apart.

/// An ARN up to its account, and its resource.
pub fn split(arn: &str) -> Option<(&str, &str)> {
    let (colon, _) = arn.match_indices(':').nth(4)?;
    Some((&arn[..colon], &arn[colon + 1..]))
}

/// The last part of a resource's path, which is the name of a service, a task, a user or a session. The whole resource where it has no path.
pub fn last(arn: &str) -> &str {
    let resource = split(arn).map_or(arn, |(_, resource)| resource);
    resource.rsplit_once('/').map_or(resource, |(_, last)| last)
}

/// The role of a session and the session's name (`assumed-role/ROLE/NAME`). STS omits a role's path.
pub fn session(arn: &str) -> Option<(&str, &str)> {
    let (_, resource) = split(arn)?;
    resource.strip_prefix("assumed-role/")?.split_once('/')
}

/// The principal that a trust policy names for a caller: the role of a session (STS omits the role's path), else the caller.
pub fn trusted(principal: &str) -> String {
    match (session(principal), principal.splitn(6, ':').collect::<Vec<_>>().as_slice()) {
        (Some((role, _)), [arn, partition, "sts", _, account, _]) => {
            format!("{arn}:{partition}:iam::{account}:role/{role}")
        }
        _ => principal.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_a_last_part_and_a_session_a_role() {
        let session_of = "arn:aws:sts::111111111111:assumed-role/ci/run-7";
        assert_eq!((last(session_of), session(session_of)), ("run-7", Some(("ci", "run-7"))));
        let user = "arn:aws:iam::111111111111:user/team/ada";
        assert_eq!((last(user), session(user)), ("ada", None));
        assert_eq!(last("arn:aws:iam::111111111111:root"), "root");
        assert_eq!(last("arn:aws:ecs:ap-northeast-1:111111111111:task-definition/web:7"), "web:7");
        assert_eq!(last("hello-web:1"), "hello-web:1");
        assert_eq!(split(user), Some(("arn:aws:iam::111111111111", "user/team/ada")));
    }

    #[test]
    fn a_session_is_trusted_by_its_role() {
        assert_eq!(trusted("arn:aws:sts::111111111111:assumed-role/ci/run-7"), "arn:aws:iam::111111111111:role/ci");
        assert_eq!(trusted("arn:aws:iam::111111111111:user/ann"), "arn:aws:iam::111111111111:user/ann");
    }
}
