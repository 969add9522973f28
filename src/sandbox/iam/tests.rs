use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::evaluate::Kind;
use super::*;
use crate::model::ids::AccountId;

const DEV: &str = "111111111111";
const PROD: &str = "222222222222";

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn policy(statements: Value) -> Policy {
    Policy::read(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
}

fn user(name: &str, policies: Vec<Policy>) -> (Directory, Caller) {
    let mut directory = Directory::default();
    directory.add_user(&account(DEV), name, User { id: "AIDAX".to_owned(), policies });
    directory.add_user_key(&account(DEV), name, "AKIAX", "secret").unwrap();
    let caller = directory.key("AKIAX").unwrap().caller.clone();
    (directory, caller)
}

fn allow(action: &str, resource: &str) -> Policy {
    policy(json!({"Effect": "Allow", "Action": action, "Resource": resource}))
}

const REPO: &str = "arn:aws:ecr:ap-northeast-1:222222222222:repository/app";

fn ask(directory: &Directory, caller: &Caller, on: Option<&ResourcePolicy>) -> Result<(), String> {
    authorize(directory, caller, "ecr:PutImage", REPO, &Context::new(), on).map_err(|d| d.0)
}

#[test]
fn nothing_is_allowed_without_a_statement_and_the_message_is_awss() {
    let (directory, caller) = user("developer", vec![allow("ecr:Get*", "*")]);
    assert_eq!(
        ask(&directory, &caller, None).unwrap_err(),
        "User: arn:aws:iam::111111111111:user/developer is not authorized to perform: ecr:PutImage on resource: \
         arn:aws:ecr:ap-northeast-1:222222222222:repository/app because no identity-based policy allows the \
         ecr:PutImage action"
    );
}

#[test]
fn an_explicit_deny_wins_over_any_allow() {
    let deny = policy(json!({"Effect": "Deny", "NotAction": "ecr:Get*", "Resource": "*"}));
    let (directory, caller) = user("developer", vec![allow("*", "*"), deny]);
    let e = ask(&directory, &caller, None).unwrap_err();
    assert!(e.ends_with(" with an explicit deny in an identity-based policy"), "{e}");
}

#[test]
fn another_accounts_repository_needs_both_sides() {
    let prod = account(PROD);
    let granting =
        policy(json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "ecr:*"}]));
    let on = |policy| ResourcePolicy { policy, owner: &prod, kind: Kind::Repository };
    let (directory, caller) = user("developer", vec![allow("ecr:PutImage", REPO)]);
    assert_eq!(ask(&directory, &caller, Some(&on(Some(&granting)))), Ok(()));
    let e = ask(&directory, &caller, Some(&on(None))).unwrap_err();
    assert!(e.ends_with("because no resource-based policy allows the ecr:PutImage action"), "{e}");
    let (directory, caller) = user("developer", vec![]);
    let e = ask(&directory, &caller, Some(&on(Some(&granting)))).unwrap_err();
    assert!(e.ends_with("because no identity-based policy allows the ecr:PutImage action"), "{e}");
}

#[test]
fn in_one_account_a_resource_that_names_the_user_suffices_and_one_that_names_the_account_does_not() {
    let dev = account(DEV);
    let naming = |arn: &str| policy(json!([{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "ecr:PutImage"}]));
    let (directory, caller) = user("developer", vec![]);
    let direct = naming("arn:aws:iam::111111111111:user/developer");
    let delegated = naming("111111111111");
    let on = |policy| ResourcePolicy { policy: Some(policy), owner: &dev, kind: Kind::Repository };
    assert_eq!(ask(&directory, &caller, Some(&on(&direct))), Ok(()));
    assert!(ask(&directory, &caller, Some(&on(&delegated))).is_err());
}

#[test]
fn an_unknown_operator_denies() {
    let odd = |effect: &str| {
        policy(
            json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}),
        )
    };
    let (directory, caller) = user("developer", vec![odd("Allow")]);
    assert!(ask(&directory, &caller, None).is_err());
    let (directory, caller) = user("developer", vec![allow("*", "*"), odd("Deny")]);
    assert!(ask(&directory, &caller, None).is_err());
}

#[test]
fn conditions_follow_awss_rules_for_absent_keys() {
    let when = |operator: &str, value: Value| {
        let p = policy(
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"sts:ExternalId": value}}}),
        );
        let (directory, caller) = user("developer", vec![p]);
        move |context: &Context| authorize(&directory, &caller, "a:B", "r", context, None).is_ok()
    };
    let (none, asset) = (Context::new(), Context::new().with("STS:externalid", "asset"));
    let table: [(&str, Value, bool, bool); 9] = [
        ("StringEquals", json!("asset"), false, true),
        ("StringEquals", json!(["x", "asset"]), false, true),
        ("StringNotEquals", json!("asset"), true, false),
        ("StringEqualsIfExists", json!("other"), true, false),
        ("Null", json!("true"), true, false),
        ("StringLike", json!("as*"), false, true),
        ("ForAnyValue:StringEquals", json!("asset"), false, true),
        ("ForAnyValue:StringNotEquals", json!("other"), false, true),
        ("ForAnyValue:StringNotEqualsIfExists", json!("asset"), true, false),
    ];
    for (operator, value, absent, present) in table {
        let holds = when(operator, value);
        assert_eq!((holds(&none), holds(&asset)), (absent, present), "{operator}");
    }
}

#[test]
fn operators_compare_as_their_names_say() {
    let table: [(&str, &str, Value, &str, bool); 12] = [
        ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::*:user/dev*"), "", true),
        // A star stays within its part of the ARN.
        ("ArnLike", "aws:PrincipalArn", json!("arn:*:user/developer"), "", false),
        ("ArnNotEquals", "aws:PrincipalArn", json!("arn:aws:iam::111111111111:user/developer"), "", false),
        ("NumericLessThanEquals", "k", json!(10), "9.5", true),
        ("NumericLessThanEquals", "k", json!("10"), "ten", false),
        ("DateGreaterThan", "k", json!("2026-01-01T00:00:00Z"), "2026-01-31T09:45:00Z", true),
        ("DateLessThan", "k", json!("2026-01-01T00:00:00Z"), "2026-01-31T09:45:00Z", false),
        // Seconds since 1970, as `aws:EpochTime` has them.
        ("DateGreaterThan", "k", json!("1000"), "1001", true),
        ("DateGreaterThan", "k", json!("2026-01-01T00:00:00Z"), "1001", false),
        ("Bool", "k", json!(true), "true", true),
        ("StringEqualsIgnoreCase", "k", json!("ASSET"), "asset", true),
        ("StringEquals", "k", json!("${aws:username}"), "developer", true),
    ];
    for (operator, key, value, has, expected) in table {
        let p =
            policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: value}}}));
        let (directory, caller) = user("developer", vec![p]);
        let context = if has.is_empty() { Context::new() } else { Context::new().with(key, has) };
        let allowed = authorize(&directory, &caller, "a:B", "r", &context, None).is_ok();
        assert_eq!(allowed, expected, "{operator} {value}");
    }
}

#[test]
fn policy_variables_are_filled_in() {
    let p = allow("ecr:PutImage", "arn:aws:ecr:*:*:repository/${aws:username}");
    let (directory, caller) = user("app", vec![p.clone()]);
    assert_eq!(ask(&directory, &caller, None), Ok(()));
    let (directory, caller) = user("other", vec![p]);
    assert!(ask(&directory, &caller, None).is_err());
}

#[test]
fn unknown_elements_of_a_policy_are_refused() {
    let e = Policy::read(&json!({"Statement": {"Effect": "Allow", "NotPrincipal": "*", "Action": "*"}})).unwrap_err();
    assert!(e.contains("NotPrincipal"), "{e}");
}

#[test]
fn a_session_policy_narrows_its_role() {
    let may = |policy| {
        let (directory, caller) = session_of(PROD, vec![allow("*", "*")], policy);
        ask(&directory, &caller, None)
    };
    assert_eq!(may(None), Ok(()));
    let e = may(Some(allow("ecr:Get*", "*"))).unwrap_err();
    assert!(e.ends_with("because no session policy allows the ecr:PutImage action"), "{e}");
}

/// A session `s1` of an account's role `deploy`, with the role's policies and the session's own.
fn session_of(id: &str, policies: Vec<Policy>, policy: Option<Policy>) -> (Directory, Caller) {
    let mut directory = Directory::default();
    let role =
        Role { id: "AROAX".to_owned(), trust: Policy::default(), policies, max_session: SignedDuration::from_hours(1) };
    directory.add_role(&account(id), "deploy", role);
    let session = Session {
        role: "deploy".to_owned(),
        name: "s1".to_owned(),
        source_identity: None,
        tags: Default::default(),
        transitive: Default::default(),
        policy,
        federated: None,
    };
    let caller = Caller {
        account: account(id),
        arn: format!("arn:aws:sts::{id}:assumed-role/deploy/s1"),
        user_id: "AROAX:s1".to_owned(),
        identity: Identity::Session(Box::new(session)),
    };
    (directory, caller)
}

#[test]
fn a_resource_that_names_the_role_is_narrowed_by_the_session_policy_and_one_that_names_the_session_is_not() {
    let dev = account(DEV);
    let narrow = allow("ecr:Get*", "*");
    let (directory, caller) = session_of(DEV, vec![], Some(narrow));
    let naming = |arn: &str| policy(json!([{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "ecr:PutImage"}]));
    let role = naming("arn:aws:iam::111111111111:role/deploy");
    let own = naming("arn:aws:sts::111111111111:assumed-role/deploy/s1");
    let on = |policy| ResourcePolicy { policy: Some(policy), owner: &dev, kind: Kind::Repository };
    let e = ask(&directory, &caller, Some(&on(&role))).unwrap_err();
    assert!(e.ends_with("because no session policy allows the ecr:PutImage action"), "{e}");
    assert_eq!(ask(&directory, &caller, Some(&on(&own))), Ok(()));
}

#[test]
fn a_keys_policy_decides_first_and_can_delegate_to_iam() {
    let dev = account(DEV);
    let (directory, caller) = user("developer", vec![allow("kms:Sign", "*")]);
    let sign = |directory: &Directory, caller: &Caller, policy: &Policy| {
        let on = ResourcePolicy { policy: Some(policy), owner: &dev, kind: Kind::Key };
        authorize(directory, caller, "kms:Sign", "arn:aws:kms:r:111111111111:key/k", &Context::new(), Some(&on)).is_ok()
    };
    let naming =
        |arn: &str| policy(json!([{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:*", "Resource": "*"}]));
    let (account, user_itself, other) = (
        naming("arn:aws:iam::111111111111:root"),
        naming("arn:aws:iam::111111111111:user/developer"),
        naming("arn:aws:iam::111111111111:user/other"),
    );
    assert!(sign(&directory, &caller, &account));
    assert!(!sign(&directory, &caller, &other), "IAM alone does not open a key");
    let (bare, caller) = user("developer", vec![]);
    assert!(!sign(&bare, &caller, &account), "the account's word leaves it to IAM, which says nothing");
    assert!(sign(&bare, &caller, &user_itself));
}

#[test]
fn leading_keys_keep_people_to_their_own_inbox() {
    let own = policy(json!([{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["inbox#${aws:username}#*"]},
                      "Null": {"dynamodb:LeadingKeys": "false"}}}]));
    let (directory, caller) = user("manager", vec![own]);
    let put = |keys: &[&str]| {
        let context = keys.iter().fold(Context::new(), |c, k| c.with("dynamodb:LeadingKeys", *k));
        authorize(&directory, &caller, "dynamodb:PutItem", "t", &context, None).is_ok()
    };
    assert!(put(&["inbox#manager#1"]) && put(&["inbox#manager#1", "inbox#manager#2"]));
    assert!(!put(&["inbox#somebody#1"]) && !put(&["inbox#manager#1", "inbox#somebody#1"]));
    assert!(!put(&[]), "ForAllValues alone lets a request without the key through");
}

/// A simple matcher: exponential, and correct.
fn slow(p: &[char], t: &[char]) -> bool {
    match (p.first(), t.first()) {
        (None, None) => true,
        (Some('*'), _) => slow(&p[1..], t) || (!t.is_empty() && slow(p, &t[1..])),
        (Some('?'), Some(_)) => slow(&p[1..], &t[1..]),
        (Some(a), Some(b)) if a == b => slow(&p[1..], &t[1..]),
        _ => false,
    }
}

/// A statement about one of a few actions, resources and callers.
fn statement() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let action = prop_oneof![Just("ecr:*"), Just("ecr:PutImage"), Just("ecr:Get*")];
    let resource = prop_oneof![Just("*"), Just(REPO), Just("arn:aws:ecr:*:*:repository/other")];
    (effect, action, resource).prop_map(|(e, a, r)| json!({"Effect": e, "Action": a, "Resource": r}))
}

proptest! {
    #[test]
    fn more_denials_never_allow_and_more_allowances_never_deny(
        statements in proptest::collection::vec(statement(), 0..5), more in statement(),
    ) {
        let decide = |list: &[Value]| {
            let (directory, caller) = user("developer", vec![policy(json!(list))]);
            ask(&directory, &caller, None).is_ok()
        };
        let before = decide(&statements);
        let mut after = statements.clone();
        after.push(more.clone());
        let denies = more["Effect"] == "Deny";
        let now = decide(&after);
        prop_assert!(if denies { before || !now } else { !before || now }, "{} became {}", before, now);
        after.reverse();
        let mut forward = statements.clone();
        forward.push(more);
        prop_assert_eq!(decide(&after), decide(&forward), "the order of statements says nothing");
    }

    #[test]
    fn a_session_policy_only_narrows(
        own in proptest::collection::vec(statement(), 0..4), session in proptest::collection::vec(statement(), 0..4),
    ) {
        let decide = |narrow: Option<&[Value]>| {
            let (mut directory, caller) = session_of(DEV, vec![], narrow.map(|s| policy(json!(s))));
            let role = Role {
                id: "AROAX".to_owned(),
                trust: Policy::default(),
                policies: vec![policy(json!(own))],
                max_session: SignedDuration::from_hours(1),
            };
            directory.add_role(&account(DEV), "deploy", role);
            authorize(&directory, &caller, "ecr:PutImage", REPO, &Context::new(), None).is_ok()
        };
        prop_assert!(decide(None) || !decide(Some(&session)));
    }

    #[test]
    fn wildcards_agree_with_a_simple_matcher(p in "[ab*?]{0,8}", t in "[ab]{0,10}") {
        let (pc, tc): (Vec<char>, Vec<char>) = (p.chars().collect(), t.chars().collect());
        prop_assert_eq!(pattern::matches(&p, &t), slow(&pc, &tc));
    }
}
