//! What this process runs in, as far as it says who asks by it: a person's machine, or a build that somebody or something started.

use crate::model::approval::{Identity, Requester};
use crate::model::machine;

/// What CodeBuild says of who started the build (`codepipeline/NAME`, a user, an event's rule).
const INITIATOR: &str = "CODEBUILD_INITIATOR";
/// What every build of CodeBuild has.
const BUILD: &str = "CODEBUILD_BUILD_ID";
/// What else starts kanmon without a person, by a variable that it alone sets. The last is set by most CI services.
const MACHINES: [(&str, &str); 6] = [
    ("GITHUB_ACTIONS", machine::GITHUB),
    ("GITLAB_CI", machine::GITLAB),
    ("TF_BUILD", "a job of Azure Pipelines"),
    ("TEAMCITY_VERSION", "a build of TeamCity"),
    ("AWS_LAMBDA_FUNCTION_NAME", "a Lambda function"),
    ("CI", "a CI job"),
];

#[derive(Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Nothing speaks against a person.
    None,
    /// A build of CodeBuild that this CodePipeline started.
    OfPipeline(String),
    /// This, which no pipeline started.
    Machine(String),
}

impl Surroundings {
    /// From the environment's variables. Whoever sets them himself could leave them out as well: they tell what has no reason to lie.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Surroundings {
        let set = |name: &str| variable(name).filter(|value| !["", "false", "0"].contains(&value.as_str()));
        let machine = MACHINES.iter().find(|(name, _)| set(name).is_some()).map(|(_, what)| (*what).to_owned());
        match (set(INITIATOR), set(BUILD), machine) {
            (Some(initiator), _, _) => match initiator.strip_prefix("codepipeline/").filter(|name| !name.is_empty()) {
                Some(name) => Surroundings::OfPipeline(name.to_owned()),
                None => Surroundings::Machine(format!("{} that {initiator} started", machine::CODEBUILD)),
            },
            (None, Some(_), _) => Surroundings::Machine(machine::CODEBUILD.to_owned()),
            (None, None, Some(what)) => Surroundings::Machine(what),
            (None, None, None) => Surroundings::None,
        }
    }

    /// The pipeline that started this build.
    pub fn pipeline(&self) -> Option<&str> {
        match self {
            Surroundings::OfPipeline(name) => Some(name),
            Surroundings::None | Surroundings::Machine(_) => None,
        }
    }

    /// Who asks with these credentials: a person, unless it certainly is a machine.
    pub fn asker(&self, by: Identity) -> Requester {
        let what = match self {
            Surroundings::Machine(what) => Some(what.clone()),
            Surroundings::None | Surroundings::OfPipeline(_) => machine::of(&by.arn).map(str::to_owned),
        };
        match what {
            Some(what) => Requester::Unknown { by, what },
            None => Requester::Person { identity: by },
        }
    }

    /// What this is, where it certainly is a machine and not a build that CodePipeline started.
    pub fn stranger(&self, by: &Identity) -> Option<String> {
        match (self, machine::of(&by.arn)) {
            (Surroundings::Machine(what), _) => Some(what.clone()),
            (Surroundings::OfPipeline(_), Some(machine::CODEBUILD) | None) | (Surroundings::None, None) => None,
            (Surroundings::OfPipeline(_) | Surroundings::None, Some(what)) => Some(what.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(set: &[(&str, &str)]) -> Surroundings {
        Surroundings::read(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    fn by(session: &str) -> Identity {
        let arn = format!("arn:aws:sts::111111111111:assumed-role/{session}");
        Identity { arn, account: "111111111111".parse().unwrap(), user_id: String::new() }
    }

    const BUILD_ROLE: &str = "build/AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

    #[rstest]
    #[case::by_hand(&[("CODEBUILD_BUILD_ID", "b"), ("CODEBUILD_INITIATOR", "ann")], "a build of CodeBuild that ann started")]
    #[case::by_a_webhook(&[("CODEBUILD_INITIATOR", "GitHub-Hookshot/0a1b2c")], "a build of CodeBuild that GitHub-Hookshot/0a1b2c started")]
    #[case::by_a_rule(&[("CODEBUILD_INITIATOR", "rule/nightly")], "a build of CodeBuild that rule/nightly started")]
    #[case::by_nobody_known(&[("CODEBUILD_BUILD_ID", "b")], "a build of CodeBuild")]
    #[case::by_a_pipeline_without_a_name(&[("CODEBUILD_INITIATOR", "codepipeline/")], "a build of CodeBuild that codepipeline/ started")]
    #[case::on_github(&[("CI", "true"), ("GITHUB_ACTIONS", "true")], "a job of GitHub Actions")]
    #[case::on_gitlab(&[("CI", "true"), ("GITLAB_CI", "true")], "a job of GitLab CI")]
    #[case::on_another_ci(&[("CI", "true")], "a CI job")]
    #[case::on_lambda(&[("AWS_LAMBDA_FUNCTION_NAME", "starter")], "a Lambda function")]
    fn what_no_person_sits_at_asks_for_nobody_whatever_its_credentials(
        #[case] set: &[(&str, &str)],
        #[case] what: &str,
    ) {
        let around = read(set);
        assert_eq!(around, Surroundings::Machine(what.to_owned()));
        for session in ["Deploy/ann@bank.example", BUILD_ROLE] {
            assert_eq!(around.asker(by(session)), Requester::Unknown { by: by(session), what: what.to_owned() });
            assert_eq!(around.stranger(&by(session)), Some(what.to_owned()), "it names somebody's execution");
        }
    }

    #[test]
    fn elsewhere_the_credentials_tell_who_asks() {
        for set in [&[][..], &[("CI", "false"), ("CODEBUILD_BUILD_ID", "")]] {
            let around = read(set);
            assert_eq!(around, Surroundings::None);
            let ann = by("Deploy/ann@bank.example");
            assert_eq!(around.asker(ann.clone()), Requester::Person { identity: ann.clone() });
            assert_eq!(around.stranger(&ann), None);
            assert!(matches!(around.asker(by(BUILD_ROLE)), Requester::Unknown { .. }));
            assert_eq!(around.stranger(&by(BUILD_ROLE)), Some("a build of CodeBuild".to_owned()));
        }
    }

    #[test]
    fn a_build_of_a_pipeline_may_name_its_execution_with_its_own_credentials() {
        let around = read(&[("CODEBUILD_BUILD_ID", "b"), ("CODEBUILD_INITIATOR", "codepipeline/hello")]);
        assert_eq!(around.pipeline(), Some("hello"));
        assert_eq!(around.stranger(&by(BUILD_ROLE)), None);
        assert_eq!(around.stranger(&by("ci/GitHubActions")), Some("a job of GitHub Actions".to_owned()));
    }
}
