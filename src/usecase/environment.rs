//! What this process runs in: a person's machine, or a build.

use crate::model::approval::{Identity, Requester};
use crate::model::machine::{self, Machine};

/// Who started the build, by CodeBuild (`codepipeline/NAME`, a user, an event rule).
const INITIATOR: &str = "CODEBUILD_INITIATOR";
/// Set in every build of CodeBuild.
const BUILD: &str = "CODEBUILD_BUILD_ID";
/// Other systems that start kanmon without a person, by a variable that only they set. Most CI services set the last.
const MACHINES: [(&str, Machine); 6] = [
    ("GITHUB_ACTIONS", Machine::GithubActions),
    ("GITLAB_CI", Machine::GitlabCi),
    ("TF_BUILD", Machine::AzurePipelines),
    ("TEAMCITY_VERSION", Machine::TeamCity),
    ("AWS_LAMBDA_FUNCTION_NAME", Machine::Lambda),
    ("CI", Machine::CiJob),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// Nothing shows that this is a machine.
    Ordinary,
    /// A build of CodeBuild that this CodePipeline started.
    OfPipeline(String),
    /// A machine that no pipeline started.
    Machine(Machine),
}

impl Environment {
    /// From the environment variables. Who sets them could also remove them, so they only protect against mistakes.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Environment {
        let set = |name: &str| variable(name).filter(|value| !["", "false", "0"].contains(&value.as_str()));
        let machine = MACHINES.iter().find(|(name, _)| set(name).is_some()).map(|(_, machine)| machine.clone());
        match (set(INITIATOR), set(BUILD), machine) {
            (Some(initiator), _, _) => match initiator.strip_prefix("codepipeline/").filter(|name| !name.is_empty()) {
                Some(name) => Environment::OfPipeline(name.to_owned()),
                None => Environment::Machine(Machine::CodeBuild { initiator: Some(initiator) }),
            },
            (None, Some(_), _) => Environment::Machine(Machine::CodeBuild { initiator: None }),
            (None, None, Some(what)) => Environment::Machine(what),
            (None, None, None) => Environment::Ordinary,
        }
    }

    /// The pipeline that started this build.
    pub fn pipeline(&self) -> Option<&str> {
        match self {
            Environment::OfPipeline(name) => Some(name),
            Environment::Ordinary | Environment::Machine(_) => None,
        }
    }

    /// The requester with these credentials: a person, unless it certainly is a machine.
    pub fn requester(&self, by: Identity) -> Requester {
        let machine = match self {
            Environment::Machine(machine) => Some(machine.clone()),
            Environment::Ordinary | Environment::OfPipeline(_) => machine::of(&by.arn),
        };
        match machine {
            Some(machine) => Requester::Unknown { by, machine },
            None => Requester::Person { identity: by },
        }
    }

    /// The machine that this is, where it is certainly one and not a build that CodePipeline started.
    pub fn machine(&self, by: &Identity) -> Option<Machine> {
        match (self, machine::of(&by.arn)) {
            (Environment::Machine(what), _) => Some(what.clone()),
            (Environment::OfPipeline(_), Some(Machine::CodeBuild { .. }) | None) | (Environment::Ordinary, None) => {
                None
            }
            (Environment::OfPipeline(_) | Environment::Ordinary, Some(what)) => Some(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(set: &[(&str, &str)]) -> Environment {
        Environment::read(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    fn by(session: &str) -> Identity {
        let arn = format!("arn:aws:sts::111111111111:assumed-role/{session}");
        Identity { arn, account: "111111111111".parse().unwrap(), user_id: String::new() }
    }

    fn built_by(initiator: &str) -> Machine {
        Machine::CodeBuild { initiator: Some(initiator.to_owned()) }
    }

    const BUILD_ROLE: &str = "build/AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

    #[rstest]
    #[case::by_hand(&[("CODEBUILD_BUILD_ID", "b"), ("CODEBUILD_INITIATOR", "ann")], built_by("ann"))]
    #[case::by_a_webhook(&[("CODEBUILD_INITIATOR", "GitHub-Hookshot/0a1b2c")], built_by("GitHub-Hookshot/0a1b2c"))]
    #[case::by_a_rule(&[("CODEBUILD_INITIATOR", "rule/nightly")], built_by("rule/nightly"))]
    #[case::by_nobody_known(&[("CODEBUILD_BUILD_ID", "b")], Machine::CodeBuild { initiator: None })]
    #[case::by_a_pipeline_without_a_name(&[("CODEBUILD_INITIATOR", "codepipeline/")], built_by("codepipeline/"))]
    #[case::on_github(&[("CI", "true"), ("GITHUB_ACTIONS", "true")], Machine::GithubActions)]
    #[case::on_gitlab(&[("CI", "true"), ("GITLAB_CI", "true")], Machine::GitlabCi)]
    #[case::on_another_ci(&[("CI", "true")], Machine::CiJob)]
    #[case::on_lambda(&[("AWS_LAMBDA_FUNCTION_NAME", "starter")], Machine::Lambda)]
    fn a_machine_is_an_unknown_requester_with_any_credentials(#[case] set: &[(&str, &str)], #[case] machine: Machine) {
        let environment = read(set);
        assert_eq!(environment, Environment::Machine(machine.clone()));
        for session in ["Deploy/ann@bank.example", BUILD_ROLE] {
            assert_eq!(
                environment.requester(by(session)),
                Requester::Unknown { by: by(session), machine: machine.clone() }
            );
            assert_eq!(environment.machine(&by(session)), Some(machine.clone()), "it names somebody's execution");
        }
    }

    #[test]
    fn elsewhere_the_credentials_decide_who_the_requester_is() {
        for set in [&[][..], &[("CI", "false"), ("CODEBUILD_BUILD_ID", "")]] {
            let environment = read(set);
            assert_eq!(environment, Environment::Ordinary);
            let ann = by("Deploy/ann@bank.example");
            assert_eq!(environment.requester(ann.clone()), Requester::Person { identity: ann.clone() });
            assert_eq!(environment.machine(&ann), None);
            assert!(matches!(environment.requester(by(BUILD_ROLE)), Requester::Unknown { .. }));
            assert_eq!(environment.machine(&by(BUILD_ROLE)), Some(Machine::CodeBuild { initiator: None }));
        }
    }

    #[test]
    fn a_build_of_a_pipeline_may_name_its_execution_with_its_own_credentials() {
        let environment = read(&[("CODEBUILD_BUILD_ID", "b"), ("CODEBUILD_INITIATOR", "codepipeline/hello")]);
        assert_eq!(environment.pipeline(), Some("hello"));
        assert_eq!(environment.machine(&by(BUILD_ROLE)), None);
        assert_eq!(environment.machine(&by("ci/GitHubActions")), Some(Machine::GithubActions));
    }
}
