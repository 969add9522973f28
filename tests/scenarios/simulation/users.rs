//! The users, and what they do besides kanmon.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_types::SdkConfig;
use aws_types::region::Region;
use kanmon::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, ApprovalWay, Identity};
use kanmon::model::ids::{PlanHash, ReleaseId};
use kanmon::model::inbox::MessageBody;
use kanmon::model::stage_state::Approval;
use kanmon::ports::approvals::Verdict;
use kanmon::ports::journal::Journal as _;
use kanmon::report::verb::answer::summary;
use kanmon::usecase::answer::{self, Answered, Decision};
use kanmon::usecase::error::Error;
use kanmon::usecase::withdraw::withdraw;

use super::{SdkTime, Simulation, name};

/// A user of one of the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub name: &'static str,
    pub account: &'static str,
    key: &'static str,
}

pub const DEVELOPER: Person = Person { name: "developer", account: super::DEV, key: "AKIASTORIESDEVELOPER" };
pub const MANAGER: Person = Person { name: "manager", account: super::DEV, key: "AKIASTORIES00MANAGER" };
/// Deploys in dev and staging without kanmon.
pub const COLLEAGUE: Person = Person { name: "colleague", account: super::DEV, key: "AKIASTORIESCOLLEAGUE" };
/// Deploys in prod without kanmon.
pub const OPERATOR: Person = Person { name: "operator", account: super::PROD, key: "AKIASTORIES0OPERATOR" };

impl Person {
    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.key, self.name, None, None, "stories")
    }

    pub fn identity(&self) -> Identity {
        Identity {
            arn: format!("arn:aws:iam::{}:user/{}", self.account, self.name),
            account: self.account.parse().expect("an account"),
            user_id: format!("AIDA{}", self.name.to_uppercase()),
        }
    }
}

impl Simulation {
    /// The SDK's configuration for a person, without kanmon.
    pub fn sdk(&self, person: Person) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(SharedCredentialsProvider::new(person.credentials()))
            .time_source(SdkTime(self.time.clone()))
            .sleep_impl(SharedAsyncSleep::new(SdkTime(self.time.clone())))
            .http_client(self.connector())
            .build()
    }

    /// Somebody deploys another image to a service, without kanmon; the new task definition's ARN.
    pub async fn deploys(&self, person: Person, cluster: &str, service: &str) -> String {
        let image = "public.ecr.aws/nginx/nginx:1.29-theirs".to_owned();
        self.deploys_with(person, cluster, service, false, |container| container.image = Some(image)).await
    }

    /// The same with a tool that copies the revision together with its tags, and changes the first container.
    pub async fn deploys_a_copy(&self, person: Person, cluster: &str, service: &str) -> String {
        self.deploys_with(person, cluster, service, true, |first| first.command = Some(vec!["mine".to_owned()])).await
    }

    async fn deploys_with(
        &self,
        person: Person,
        cluster: &str,
        service: &str,
        with_tags: bool,
        change: impl FnOnce(&mut aws_sdk_ecs::types::ContainerDefinition),
    ) -> String {
        let ecs = aws_sdk_ecs::Client::new(&self.sdk(person));
        let described = ecs.describe_services().cluster(cluster).services(service).send().await.expect("services");
        let live = described.services()[0].task_definition().expect("a task definition").to_owned();
        let described = ecs.describe_task_definition().task_definition(live);
        let described = described.include(aws_sdk_ecs::types::TaskDefinitionField::Tags).send().await;
        let described = described.expect("a definition");
        let tags = with_tags.then(|| described.tags().to_vec());
        let live = described.task_definition().expect("a definition");
        let mut containers = live.container_definitions().to_vec();
        change(&mut containers[0]);
        let registered = ecs
            .register_task_definition()
            .family(live.family().expect("a family"))
            .cpu("256")
            .memory("512")
            .network_mode(aws_sdk_ecs::types::NetworkMode::Awsvpc)
            .requires_compatibilities(aws_sdk_ecs::types::Compatibility::Fargate)
            .set_execution_role_arn(live.execution_role_arn().map(str::to_owned))
            .set_container_definitions(Some(containers))
            .set_tags(tags)
            .send()
            .await
            .expect("registered");
        let arn = registered.task_definition().and_then(|d| d.task_definition_arn()).expect("an ARN").to_owned();
        let update = ecs.update_service().cluster(cluster).service(service).task_definition(&arn);
        update.send().await.expect("updated");
        arn
    }

    /// `kanmon approve` or `kanmon reject`, once approval is requested.
    pub async fn answers(&self, person: Person, id: &ReleaseId, stage: &str, answer: Answer) {
        self.approval_request(id, stage).await;
        self.try_answer(person, id, stage, answer, "as seen").await.expect("it counts");
    }

    pub async fn approves(&self, person: Person, id: &ReleaseId, stage: &str) {
        self.answers(person, id, stage, Answer::Approved).await;
    }

    /// The same for the plan that waits now, or that was approved and not used yet; it may be refused.
    pub async fn try_answer(
        &self,
        person: Person,
        id: &ReleaseId,
        stage: &str,
        answer: Answer,
        comment: &str,
    ) -> Result<Answered, Error> {
        let plan = match &self.release_of(id).await.stage(&name(stage)).approval {
            Approval::Requested(request) | Approval::Given(_, request) => Some(request.plan.to_string()),
            _ => None,
        };
        let decision = Decision { answer, stage: Some(name(stage)), plan, comment: comment.to_owned() };
        answer::answer(&self.uncounted_context(person), id, &decision, summary).await
    }

    /// `kanmon withdraw RELEASE --stage STAGE`.
    pub async fn withdraws(&self, person: Person, id: &ReleaseId, stage: &str, comment: &str) {
        withdraw(&self.uncounted_context(person), id, Some(&name(stage)), comment.to_owned()).await.expect("it counts");
    }

    /// An answer that is written without kanmon's checks: into the inbox, by somebody who can write the state, or into the action of
    /// CodePipeline, as in its console.
    pub async fn answers_without_kanmon(
        &self,
        person: Person,
        id: &ReleaseId,
        stage: &str,
        request: &ApprovalRequest,
        plan: &PlanHash,
        answer: Answer,
    ) {
        let release = self.release_of(id).await;
        let pipeline = &release.started.pipeline;
        let stage = pipeline.stages.iter().find(|s| s.name.as_str() == stage).expect("a stage");
        let given = ApprovalAnswer {
            stage: stage.name.clone(),
            plan: plan.clone(),
            answer,
            by: Some(person.identity()),
            comment: "as seen".to_owned(),
        };
        match &stage.approval.as_ref().expect("a policy").way {
            ApprovalWay::Kanmon => {
                self.journal.send(id, MessageBody::Answer(given), self.time.timestamp()).await.expect("sent");
            }
            ApprovalWay::CodePipeline { pipeline: name, action, account } => {
                let account = pipeline.account(account);
                let execution = request.execution.as_deref().expect("an execution");
                let approvals = self.uncounted_context(person).ports(id.as_str(), None).approvals;
                let verdict = Verdict { approved: answer == Answer::Approved, plan, summary: "as seen" };
                approvals.answer(account, name, execution, action, verdict).await.expect("answered");
            }
        }
    }
}
