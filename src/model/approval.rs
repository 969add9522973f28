//! A person's decision about exactly one plan.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::aws::codepipeline::TriggerType;
use super::ids::{AccountId, AccountName, PlanHash, StageName};
use super::machine::{self, Machine};

/// A caller, as `sts:GetCallerIdentity` reports it. Callers choose their session names: the ARN proves the role, not always the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub arn: String,
    pub account: AccountId,
    pub user_id: String,
}

/// Who requested a release, extended it to a later stage, or resumed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Requester {
    Person {
        identity: Identity,
    },
    /// A build of a CodePipeline execution that was found and in progress.
    Pipeline {
        pipeline: String,
        account: AccountName,
        execution: String,
        trigger: Trigger,
        /// Whose credentials the build has.
        by: Identity,
    },
    /// A machine's credentials: it is unknown who started it, so it may have been anybody.
    Unknown {
        by: Identity,
        machine: Machine,
    },
}

impl Requester {
    /// The execution, where the requester is one of this pipeline.
    pub fn execution_of(&self, name: &str, of: &AccountName) -> Option<&str> {
        match self {
            Requester::Pipeline { pipeline, account, execution, .. } => {
                (pipeline == name && account == of).then_some(execution)
            }
            Requester::Person { .. } | Requester::Unknown { .. } => None,
        }
    }
}

/// What started a CodePipeline execution (`ExecutionTrigger`). Only a call of StartPipelineExecution names a principal: an event
/// rule, a webhook or a poll does not name the commit's author, and a machine that made the call does not name the person behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Trigger {
    Principal {
        arn: String,
    },
    /// As CodePipeline reports it, if it does. `detail`: its own text.
    Unknown {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<TriggerType>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

impl Trigger {
    /// From `triggerType` and `triggerDetail`.
    pub fn of(kind: Option<&str>, detail: Option<&str>) -> Trigger {
        let kind = kind.map(TriggerType::from);
        match detail {
            Some(arn)
                if kind == Some(TriggerType::StartPipelineExecution)
                    && is_principal(arn)
                    && machine::of(arn).is_none() =>
            {
                Trigger::Principal { arn: arn.to_owned() }
            }
            Some(_) | None => Trigger::Unknown { kind, detail: detail.map(str::to_owned) },
        }
    }
}

/// Whether an ARN is of a principal that can sign calls: the root user, a user, a role's session, a federated user.
fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, account, resource] = parts.as_slice() else { return false };
    let named = |prefix: &str| resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
    let signs = match *service {
        "iam" => *resource == "root" || named("user/"),
        "sts" => named("assumed-role/") || named("federated-user/"),
        _ => false,
    };
    signs && account.parse::<AccountId>().is_ok()
}

/// Where a stage's approval is requested and given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum ApprovalWay {
    /// kanmon's own inbox.
    Kanmon,
    /// A manual approval action of CodePipeline, in this account.
    CodePipeline { pipeline: String, action: String, account: AccountName },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalPolicy {
    #[serde(flatten)]
    pub way: ApprovalWay,
    /// ARN patterns (`*` and `?` in the principal's name) of those who may decide; empty: anybody but the requester.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    pub expires: SignedDuration,
    /// Whether the requester may also approve.
    pub self_approval: bool,
}

/// A request for approval: of which plan, where, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    pub plan: PlanHash,
    /// The CodePipeline execution whose action is to be answered, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// For an execution that existed before the request: when its action was answered last before it, by AWS's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    pub requested_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Approved,
    Rejected,
}

/// A decision as it arrives, before kanmon checks whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAnswer {
    pub stage: StageName,
    /// The plan that the person saw.
    pub plan: PlanHash,
    pub answer: Answer,
    /// Who decided; `None`: CodePipeline does not show it.
    pub by: Option<Identity>,
    #[serde(default)]
    pub comment: String,
}

impl ApprovalAnswer {
    /// The ARN of who decided, where it is known.
    pub fn arn(&self) -> Option<&str> {
        self.by.as_ref().map(|by| by.arn.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "arn:aws:iam::111111111111:user/team/ann";

    #[test]
    fn only_a_principal_that_called_start_pipeline_execution_is_named() {
        for arn in [
            USER,
            "arn:aws:iam::111111111111:root",
            "arn:aws-cn:sts::111111111111:assumed-role/Deploy/ann@bank.example",
            "arn:aws:sts::111111111111:federated-user/ann",
        ] {
            assert_eq!(
                Trigger::of(Some("StartPipelineExecution"), Some(arn)),
                Trigger::Principal { arn: arn.to_owned() }
            );
        }
        // botocore's TriggerType, without the one above.
        for kind in [
            "CreatePipeline",
            "PollForSourceChanges",
            "Webhook",
            "WebhookV2",
            "CloudWatchEvent",
            "PutActionRevision",
            "ManualRollback",
            "AutomatedRollback",
            "SomethingNewer",
        ] {
            let unknown = Trigger::Unknown { kind: Some(kind.into()), detail: Some(USER.to_owned()) };
            assert_eq!(Trigger::of(Some(kind), Some(USER)), unknown);
        }
        let unnamed = Trigger::Unknown { kind: None, detail: Some(USER.to_owned()) };
        assert_eq!(Trigger::of(None, Some(USER)), unnamed);
        for detail in [
            "",
            "ann",
            "Dev Eloper <dev@example.com>",
            "arn:aws:events:ap-northeast-1:111111111111:rule/on-push",
            "arn:aws:codepipeline:ap-northeast-1:111111111111:webhook:on-push",
            "arn:aws:iam::111111111111:user/",
            "arn:aws:iam::1:user/ann",
            "arn:aws:iam::111111111111:role/Deploy",
            "arn:aws:sts::111111111111:assumed-role/build/AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
            "arn:aws:sts::111111111111:assumed-role/starter-role-0a1b2c3d/starter",
            "arn:aws:sts::111111111111:assumed-role/ci/GitHubActions",
        ] {
            assert!(
                matches!(Trigger::of(Some("StartPipelineExecution"), Some(detail)), Trigger::Unknown { .. }),
                "{detail}"
            );
        }
    }
}
