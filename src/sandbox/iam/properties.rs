//! Properties of every decision, with any policies of the caller, the session and the resource. The oracle is AWS's *Policy evaluation
//! logic* (IAM User Guide, within one account and across accounts), as a list of the policies that must allow the call.

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::evaluate::Kind;
use super::*;
use crate::model::ids::AccountId;

const DEV: &str = "111111111111";
const PROD: &str = "222222222222";
const ACTION: &str = "kms:Sign";
const RESOURCE: &str = "arn:aws:kms:ap-northeast-1:222222222222:key/k";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Themselves,
    /// The role of whoever is a session of it.
    Role,
    Account,
    Everyone,
    AnotherUser,
    AnotherAccount,
}

#[derive(Debug, Clone)]
struct Says {
    allows: bool,
    /// It speaks of what is asked.
    of_it: bool,
    who: Who,
}

#[derive(Debug, Clone)]
struct Case {
    kind: Kind,
    foreign: bool,
    session: bool,
    identity: Vec<Says>,
    narrowed: Option<Vec<Says>>,
    resource: Option<Vec<Says>>,
}

impl Who {
    fn names(self, session: bool) -> bool {
        match self {
            Who::Themselves | Who::Account | Who::Everyone => true,
            Who::Role => session,
            Who::AnotherUser | Who::AnotherAccount => false,
        }
    }

    fn principal(self, caller: &Caller) -> Value {
        match self {
            Who::Themselves => json!({"AWS": caller.arn}),
            Who::Role => json!({"AWS": format!("arn:aws:iam::{DEV}:role/deploy")}),
            Who::Account => json!({"AWS": format!("arn:aws:iam::{DEV}:root")}),
            Who::Everyone => json!("*"),
            Who::AnotherUser => json!({"AWS": format!("arn:aws:iam::{DEV}:user/other")}),
            Who::AnotherAccount => json!({"AWS": PROD}),
        }
    }
}

fn written(statements: &[Says], on_resource: Option<&Caller>) -> Policy {
    let statement = |s: &Says| {
        let effect = if s.allows { "Allow" } else { "Deny" };
        let mut statement = json!({"Effect": effect, "Action": if s.of_it { "kms:*" } else { "kms:Get*" }});
        match on_resource {
            Some(caller) => statement["Principal"] = s.who.principal(caller),
            None => statement["Resource"] = "*".into(),
        }
        statement
    };
    let statements: Vec<Value> = statements.iter().map(statement).collect();
    Policy::read(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
}

impl Case {
    fn caller(&self, directory: &mut Directory) -> Caller {
        let account: AccountId = DEV.parse().unwrap();
        let policies = vec![written(&self.identity, None)];
        if !self.session {
            directory.add_user(&account, "developer", User { id: "AIDAX".to_owned(), policies });
            directory.add_user_key(&account, "developer", "AKIAX", "secret").unwrap();
            return directory.key("AKIAX").unwrap().caller.clone();
        }
        let max_session = SignedDuration::from_hours(1);
        directory.add_role(
            &account,
            "deploy",
            Role { id: "AROAX".to_owned(), trust: Policy::default(), policies, max_session },
        );
        let session = Session {
            role: "deploy".to_owned(),
            name: "s1".to_owned(),
            source_identity: None,
            tags: Default::default(),
            transitive: Default::default(),
            policy: self.narrowed.as_ref().map(|n| written(n, None)),
            federated: None,
        };
        Caller {
            account,
            arn: format!("arn:aws:sts::{DEV}:assumed-role/deploy/s1"),
            user_id: "AROAX:s1".to_owned(),
            identity: Identity::Session(Box::new(session)),
        }
    }

    fn decided(&self) -> Result<(), Denial> {
        let mut directory = Directory::default();
        let caller = self.caller(&mut directory);
        let owner: AccountId = if self.foreign { PROD } else { DEV }.parse().unwrap();
        let policy = self.resource.as_ref().map(|r| written(r, Some(&caller)));
        let on = ResourcePolicy { policy: policy.as_ref(), owner: &owner, kind: self.kind };
        authorize(&directory, &caller, ACTION, RESOURCE, &Context::new(), Some(&on))
    }

    /// What AWS documents.
    fn expected(&self) -> bool {
        let has = |list: &[Says], allows: bool| list.iter().any(|s| s.of_it && s.allows == allows);
        let on_it: Vec<&Says> =
            self.resource.iter().flatten().filter(|s| s.of_it && s.who.names(self.session)).collect();
        let narrowed = self.narrowed.as_ref().filter(|_| self.session);
        let granted = |to: &[Who]| on_it.iter().any(|s| s.allows && to.contains(&s.who));
        let anyhow = granted(&[Who::Themselves, Who::Role, Who::Account, Who::Everyone]);
        let directly = granted(&[Who::Themselves, Who::Role, Who::Everyone]);
        let to_the_session = self.session && granted(&[Who::Themselves]);
        // "An explicit deny in any of these policies overrides the allow."
        let denied =
            has(&self.identity, false) || narrowed.is_some_and(|n| has(n, false)) || on_it.iter().any(|s| !s.allows);
        let own_side = has(&self.identity, true);
        let session_side = narrowed.is_none_or(|n| has(n, true));
        let both_accounts = anyhow && own_side && session_side;
        let one_account = match self.kind {
            Kind::Repository => directly || own_side,
            // Nobody gets access except through the resource's own policy.
            Kind::Trust | Kind::Key => directly || (anyhow && own_side),
        };
        !denied && if self.foreign { both_accounts } else { one_account && (session_side || to_the_session) }
    }
}

fn who() -> impl Strategy<Value = Who> {
    proptest::sample::select(
        [Who::Themselves, Who::Role, Who::Account, Who::Everyone, Who::AnotherUser, Who::AnotherAccount].as_slice(),
    )
}

fn says() -> impl Strategy<Value = Says> {
    (proptest::bool::weighted(0.75), proptest::bool::weighted(0.7), who()).prop_map(|(allows, of_it, who)| Says {
        allows,
        of_it,
        who,
    })
}

fn list() -> impl Strategy<Value = Vec<Says>> {
    proptest::collection::vec(says(), 0..3)
}

fn case() -> impl Strategy<Value = Case> {
    let kind = proptest::sample::select([Kind::Repository, Kind::Trust, Kind::Key].as_slice());
    let (narrowed, resource) = (proptest::option::of(list()), proptest::option::weighted(0.8, list()));
    (kind, any::<bool>(), any::<bool>(), list(), narrowed, resource).prop_map(
        |(kind, foreign, session, identity, narrowed, resource)| Case {
            kind,
            foreign,
            session,
            identity,
            narrowed,
            resource,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_decision_is_what_aws_documents(case in case()) {
        prop_assert_eq!(case.decided().is_ok(), case.expected(), "{:?}", case.decided());
    }

    #[test]
    fn wherever_it_is_added_a_deny_never_opens_and_an_allow_never_closes(case in case(), more in says()) {
        let before = case.decided().is_ok();
        let mut changed = [case.clone(), case.clone(), case.clone()];
        changed[0].identity.push(more.clone());
        // A first session policy narrows by being there at all.
        changed[1].narrowed.iter_mut().for_each(|n| n.push(more.clone()));
        changed[2].resource.get_or_insert_default().push(more.clone());
        for after in changed {
            let now = after.decided().is_ok();
            prop_assert!(if more.allows { now || !before } else { before || !now }, "{:?}: {} became {}", after, before, now);
        }
    }
}

fn allows(who: Who) -> Says {
    Says { allows: true, of_it: true, who }
}

#[test]
fn another_accounts_key_needs_its_own_word_and_iams() {
    let both = Case {
        kind: Kind::Key,
        foreign: true,
        session: false,
        identity: vec![allows(Who::Themselves)],
        narrowed: None,
        resource: Some(vec![allows(Who::Account)]),
    };
    assert_eq!(both.decided(), Ok(()));
    let said = |case: &Case| case.decided().unwrap_err().0;
    for resource in [None, Some(vec![]), Some(vec![allows(Who::AnotherUser)]), Some(vec![allows(Who::AnotherAccount)])]
    {
        let alone = said(&Case { resource, ..both.clone() });
        assert!(alone.ends_with("because no resource-based policy allows the kms:Sign action"), "{alone}");
    }
    for who in [Who::Themselves, Who::Account, Who::Everyone] {
        let alone = said(&Case { identity: vec![], resource: Some(vec![allows(who)]), ..both.clone() });
        assert!(alone.ends_with("because no identity-based policy allows the kms:Sign action"), "{alone}");
    }
    let denies = Says { allows: false, ..allows(Who::Account) };
    let denied = said(&Case { resource: Some(vec![allows(Who::Themselves), denies.clone()]), ..both.clone() });
    assert!(denied.ends_with("with an explicit deny in a resource-based policy"), "{denied}");
    let denied = said(&Case { identity: vec![allows(Who::Themselves), denies], ..both });
    assert!(denied.ends_with("with an explicit deny in an identity-based policy"), "{denied}");
}
