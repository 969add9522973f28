//! A fault of each kind, for tests.

use super::build::{BuildProblem, Doing};
use super::call::{Call, CallProblem, Target};
use super::credentials::CredentialsProblem;
use super::own::{Lack, OwnProblem};
use super::service::ServiceProblem;
use super::{Fault, FaultKind};
use crate::model::check_result::CheckImpossible;
use crate::model::program_problem::ProgramProblem;

/// A fault of this kind; `Throttled`: AWS throttles ecs:DescribeServices.
pub fn of(kind: FaultKind) -> Fault {
    let account = || "dev".parse().expect("a name");
    let on = Target::Service { cluster: "shop".into(), service: "web".into() };
    let call = Call { action: "ecs:DescribeServices".into(), on, account: account() };
    match kind {
        FaultKind::AccessDenied => {
            let (principal, denied) = (Some("arn:aws:iam::111111111111:role/kanmon".into()), call.action.clone());
            CallProblem::NotAllowed { call, principal, denied, resource: None, explicit: false }.into()
        }
        FaultKind::CredentialsRefused => CallProblem::CredentialsRejected { account: account() }.into(),
        FaultKind::WrongAccount => {
            let (expected, role) = ("111111111111".parse().expect("an id"), "arn:aws:iam::2:role/x".into());
            CredentialsProblem::RoleElsewhere { account: account(), expected, found: None, role }.into()
        }
        FaultKind::NotFound => CallProblem::TargetMissing { call }.into(),
        FaultKind::Invalid => CallProblem::Refused { call }.into(),
        FaultKind::Throttled => CallProblem::Throttled { call }.into(),
        FaultKind::Unreachable => CallProblem::NoAnswer { call, foreign: None }.into(),
        FaultKind::Ambiguous => CallProblem::NoClearAnswer { call, foreign: None }.into(),
        FaultKind::BuildFailed => {
            let (program, status) = ("docker".into(), "exit status: 1".into());
            BuildProblem::Failed { program, doing: Doing::Build, status }.into()
        }
        FaultKind::ToolMissing => {
            let (program, why) = ("./smoke".into(), ProgramProblem::NotExecutable);
            OwnProblem::CheckImpossible { why: CheckImpossible::Program { program, why } }.into()
        }
        FaultKind::Changed => {
            let (stage, service) = ("dev".parse().expect("a name"), "web".parse().expect("a name"));
            ServiceProblem::Replaced { stage, service, was: Some("ecs-svc/1".into()), is: None }.into()
        }
        FaultKind::Defect => OwnProblem::Inconsistent { lacks: Lack::Stage }.into(),
    }
}

#[test]
fn each_is_of_its_kind() {
    use FaultKind::*;
    let kinds = [
        AccessDenied,
        CredentialsRefused,
        WrongAccount,
        NotFound,
        Invalid,
        Throttled,
        Unreachable,
        Ambiguous,
        BuildFailed,
        ToolMissing,
        Changed,
        Defect,
    ];
    assert_eq!(kinds.map(|kind| of(kind).kind()), kinds);
}
