//! Who may approve: patterns of ARNs, and which ARNs are one person.

use super::arn::{last, session, split};

/// The prefix of every role that IAM Identity Center creates. A session's name is its user's name.
pub const IDENTITY_CENTER: &str = "AWSReservedSSO_";

/// Why a pattern is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternProblem {
    NotAnArn,
    /// It names no account, or no principal in it.
    NoPrincipal,
    /// A principal of any account could match. `account`: what the pattern has in place of an account id.
    AnyAccount {
        account: Option<String>,
    },
    /// It is not the ARN of a principal that can call AWS.
    NotAPrincipal,
    /// No caller has such an ARN. `session`: the pattern for the sessions of the role, where one is probably meant.
    MatchesNobody {
        session: Option<String>,
    },
}

/// Whether a pattern names principals of exactly one account.
///
/// # Errors
/// What is wrong with it. A wildcard before the principal's name is refused: it would also match a principal of another account,
/// which anybody can have.
pub fn valid(pattern: &str) -> Result<(), PatternProblem> {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, name] = parts.as_slice() else {
        return Err(match pattern.starts_with("arn:") || pattern == "*" {
            true => PatternProblem::NoPrincipal,
            false => PatternProblem::NotAnArn,
        });
    };
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        let account = (!account.is_empty()).then(|| (*account).to_owned());
        return Err(PatternProblem::AnyAccount { account });
    }
    if !partition.starts_with("aws") || partition.contains(['*', '?']) || !["iam", "sts"].contains(service) {
        return Err(PatternProblem::NotAPrincipal);
    }
    if name.is_empty() {
        return Err(PatternProblem::NoPrincipal);
    }
    is_caller(service, name).map_err(|session| PatternProblem::MatchesNobody {
        session: session.map(|name| format!("arn:{partition}:sts::{account}:{name}")),
    })
}

/// Whether `sts:GetCallerIdentity` can report such a caller: `root`, `user/…`, `assumed-role/ROLE/SESSION`, `federated-user/…`.
///
/// # Errors
/// Where a role is meant, the form that matches its sessions.
fn is_caller(service: &str, name: &str) -> Result<(), Option<String>> {
    let parts: Vec<&str> = name.split('/').collect();
    let open = |part: &str| part.contains(['*', '?']);
    match (service, parts.as_slice()) {
        (_, [kind, ..]) if open(kind) => Ok(()),
        ("iam", ["root"]) => Ok(()),
        ("iam", ["user", .., user]) | ("sts", ["federated-user", user]) if !user.is_empty() => Ok(()),
        ("sts", ["assumed-role", role, session]) if !role.is_empty() && !session.is_empty() => Ok(()),
        // A star also matches the slash between a role and its session.
        ("sts", ["assumed-role", role]) if role.contains('*') => Ok(()),
        (_, ["role" | "assumed-role", .., role]) if !role.is_empty() && parts.len() <= 2 => {
            Err(Some(format!("assumed-role/{role}/*")))
        }
        // STS omits a role's path.
        (_, ["role", .., role]) if !role.is_empty() => Err(Some(format!("assumed-role/{role}/*"))),
        (_, ["assumed-role", .., role, session]) => Err(Some(format!("assumed-role/{role}/{session}"))),
        _ => Err(None),
    }
}

/// A valid pattern with wildcards in the role's or user's name: whoever may create principals in the account can create one that
/// matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    pub account: String,
}

/// Whether a valid pattern may match more than its author thinks.
pub fn weakness(pattern: &str) -> Option<Weakness> {
    let (prefix, name) = split(pattern)?;
    let (_, account) = prefix.rsplit_once(':')?;
    let parts: Vec<&str> = name.split('/').collect();
    // Callers choose the session name, so the principal is the part before it.
    let principal = match parts.as_slice() {
        ["assumed-role", role, ..] => role,
        [.., last] => last,
        [] => name,
    };
    let whole = !principal.contains(['*', '?']) && !parts[0].contains(['*', '?']);
    (!whole).then(|| Weakness { account: account.to_owned() })
}

/// Whether a pattern of `valid`'s form matches an ARN: the account literally, the principal with `*` for any run of characters and
/// `?` for one.
pub fn matches(pattern: &str, arn: &str) -> bool {
    match (split(pattern), split(arn)) {
        (Some((prefix, name)), Some((account, principal))) => prefix == account && glob(name, principal),
        _ => false,
    }
}

/// Takes at most time proportional to both lengths multiplied, for any pattern.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to continue when the rest does not match: the last star takes one character more.
    let mut again = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match again {
                Some((after_star, taken)) => {
                    again = Some((after_star, taken + 1));
                    (p, t) = (after_star, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether two ARNs may be one person.
///
/// The sessions of a plain role do not prove a person, so they count as one. A session of IAM Identity Center has its user's name,
/// for any permission set and account. A user and a session with the same name count as one person, because most people use their
/// own name as the session name.
pub fn same_person(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let same_role = plain_role(a).is_some() && plain_role(a) == plain_role(b);
    let same_name = match (name(a), name(b)) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    };
    same_role || same_name
}

/// The ARN of a session without the session name, where the caller chooses that name.
fn plain_role(arn: &str) -> Option<&str> {
    let (role, name) = session(arn)?;
    (!role.starts_with(IDENTITY_CENTER)).then(|| &arn[..arn.len() - name.len()])
}

/// The name of a user or a session.
fn name(arn: &str) -> Option<&str> {
    let (_, principal) = split(arn)?;
    let name = last(principal);
    (!name.is_empty() && name != principal).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const MANAGERS: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*";

    #[rstest]
    #[case::a_user("arn:aws:iam::111111111111:user/manager", true)]
    #[case::an_identity_center_role(MANAGERS, true)]
    #[case::another_partition("arn:aws-cn:iam::111111111111:user/manager", true)]
    #[case::any_account("arn:aws:sts::*:assumed-role/AWSReservedSSO_ReleaseManager_*/*", false)]
    #[case::no_account("arn:aws:iam:::user/manager", false)]
    #[case::half_an_account("arn:aws:iam::11111111111*:user/manager", false)]
    #[case::everybody("*", false)]
    #[case::every_arn("arn:*", false)]
    #[case::a_star_that_reaches_over_the_account("arn:*:iam::111111111111:user/manager", false)]
    #[case::a_star_for_the_service("arn:aws:*::111111111111:user/manager", false)]
    #[case::no_principal("arn:aws:iam::111111111111:", false)]
    #[case::the_root_user("arn:aws:iam::111111111111:root", true)]
    #[case::a_user_with_a_path("arn:aws:iam::111111111111:user/team/manager", true)]
    #[case::a_federated_user("arn:aws:sts::111111111111:federated-user/manager", true)]
    #[case::anybody_of_the_account("arn:aws:iam::111111111111:*", true)]
    #[case::a_group("arn:aws:iam::111111111111:group/managers", false)]
    #[case::a_user_of_sts("arn:aws:sts::111111111111:user/manager", false)]
    #[case::a_user_without_a_name("arn:aws:iam::111111111111:user", false)]
    #[case::a_name("manager", false)]
    fn a_pattern_names_its_account(#[case] pattern: &str, #[case] is_valid: bool) {
        assert_eq!(valid(pattern).is_ok(), is_valid, "{:?}", valid(pattern));
    }

    #[rstest]
    #[case::the_role_itself(
        "arn:aws:iam::111111111111:role/Manager",
        "arn:aws:sts::111111111111:assumed-role/Manager/*"
    )]
    #[case::a_role_with_a_path(
        "arn:aws:iam::111111111111:role/ops/Manager",
        "arn:aws:sts::111111111111:assumed-role/Manager/*"
    )]
    #[case::any_role("arn:aws-cn:iam::111111111111:role/*", "arn:aws-cn:sts::111111111111:assumed-role/*/*")]
    #[case::a_role_as_sts("arn:aws:sts::111111111111:role/Manager", "arn:aws:sts::111111111111:assumed-role/Manager/*")]
    #[case::without_a_session(
        "arn:aws:sts::111111111111:assumed-role/Manager",
        "arn:aws:sts::111111111111:assumed-role/Manager/*"
    )]
    #[case::a_session_as_iam(
        "arn:aws:iam::111111111111:assumed-role/Manager/*",
        "arn:aws:sts::111111111111:assumed-role/Manager/*"
    )]
    #[case::a_session_of_a_path(
        "arn:aws:sts::111111111111:assumed-role/ops/Manager/ann",
        "arn:aws:sts::111111111111:assumed-role/Manager/ann"
    )]
    fn a_pattern_that_matches_no_caller_is_refused_with_the_right_form(#[case] pattern: &str, #[case] right: &str) {
        assert_eq!(valid(pattern), Err(PatternProblem::MatchesNobody { session: Some(right.to_owned()) }));
        assert_eq!(valid(right), Ok(()));
    }

    #[rstest]
    #[case::the_suffix_left_open("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_*/*", true)]
    #[case::any_role("arn:aws:sts::111111111111:assumed-role/*", true)]
    #[case::any_user("arn:aws:iam::111111111111:user/*", true)]
    #[case::anybody("arn:aws:iam::111111111111:*", true)]
    #[case::any_session_of_one_role(MANAGERS, false)]
    #[case::one_user("arn:aws:iam::111111111111:user/path/manager", false)]
    fn a_name_that_others_can_take_is_weak(#[case] pattern: &str, #[case] is_weak: bool) {
        assert_eq!(valid(pattern), Ok(()));
        assert_eq!(weakness(pattern).is_some(), is_weak);
    }

    #[test]
    fn no_part_of_a_pattern_matches_across_the_account() {
        // A path may contain colons, and may so look like another account's ARN.
        let made = "arn:aws:iam::222222222222:user/x:iam::111111111111:user/manager";
        assert!(!matches("arn:*:iam::111111111111:user/manager", made));
        assert!(!matches("*", made));
        assert!(!matches("arn:aws:iam::111111111111:*", made));
        assert!(matches("arn:aws:iam::111111111111:*", "arn:aws:iam::111111111111:user/x"));
    }

    const TARO: &str =
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Developer_fedcba9876543210/taro@example.com";

    #[rstest]
    #[case::another_permission_set(
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/taro@example.com",
        true
    )]
    #[case::another_account(
        "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/Taro@example.com",
        true
    )]
    #[case::another_user(
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Developer_fedcba9876543210/hana@example.com",
        false
    )]
    #[case::a_plain_role_that_he_assumes("arn:aws:sts::222222222222:assumed-role/approve/taro@example.com", true)]
    #[case::a_user_of_his_name("arn:aws:iam::222222222222:user/people/taro@example.com", true)]
    #[case::somebody_unknown("unknown", false)]
    fn one_person_is_recognized_in_every_kind_of_principal(#[case] other: &str, #[case] same: bool) {
        assert_eq!(same_person(TARO, other), same);
        assert_eq!(same_person(other, TARO), same);
    }

    /// An independent implementation by dynamic programming.
    fn oracle(pattern: &str, text: &str) -> bool {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        let mut table = vec![vec![false; t.len() + 1]; p.len() + 1];
        table[0][0] = true;
        for i in 1..=p.len() {
            for j in 0..=t.len() {
                table[i][j] = match p[i - 1] {
                    '*' => table[i - 1][j] || (j > 0 && table[i][j - 1]),
                    '?' => j > 0 && table[i - 1][j - 1],
                    c => j > 0 && c == t[j - 1] && table[i - 1][j - 1],
                };
            }
        }
        table[p.len()][t.len()]
    }

    proptest! {
        #[test]
        fn patterns_match_as_the_oracle_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(glob(&pattern, &text), oracle(&pattern, &text));
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_matched_quickly() {
        let pattern = format!("{}b", "a*".repeat(24));
        assert!(!glob(&pattern, &"a".repeat(200)), "no b to end with");
    }
}
