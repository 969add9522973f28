use super::*;
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::ids::PlanHash;
use crate::model::release::samples::pipeline;
use crate::ports::fence::Fence;
use crate::runtime::lease_samples::held;

/// Each write asks the fence before it is sent, as those of `aws` do; nothing is read.
struct Adapter(Fence);

#[async_trait]
impl PipelineApprovals for Adapter {
    async fn declared(&self, _: &Account, _: &str) -> Result<Declared, Fault> {
        unreachable!("nothing is read")
    }

    async fn start(
        &self,
        _: &Account,
        _: &str,
        _: &BTreeMap<String, String>,
        client_token: &str,
    ) -> Result<String, Fault> {
        self.0.check().map(|()| client_token.to_owned())
    }

    async fn abandon(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        self.0.check()
    }

    async fn execution(&self, _: &Account, _: &str, _: &str) -> Result<Option<Execution>, Fault> {
        unreachable!("nothing is read")
    }

    async fn action(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<Action, Fault> {
        unreachable!("nothing is read")
    }

    async fn answer(&self, _: &Account, _: &str, _: &str, _: &str, _: Verdict<'_>) -> Result<(), Fault> {
        self.0.check()
    }
}

/// The results of all writes.
async fn writes(approvals: &dyn PipelineApprovals) -> Vec<Result<(), Fault>> {
    let account = pipeline().accounts.into_values().next().unwrap();
    let plan = PlanHash::of(b"plan");
    let verdict = Verdict { approved: true, plan: &plan, summary: "read" };
    vec![
        approvals.start(&account, "p", &BTreeMap::new(), "token").await.map(drop),
        approvals.abandon(&account, "p", "e", "why").await,
        approvals.answer(&account, "p", "e", "a", verdict).await,
    ]
}

#[tokio::test]
async fn a_write_that_goes_around_the_check_is_refused_while_a_release_is_held() {
    let (_, _, guard) = held().await;
    let guard = Arc::new(guard);
    let fence = Fence::open();
    let unchecked: Arc<dyn PipelineApprovals> = Arc::new(Adapter(fence.clone()));
    assert_eq!(writes(unchecked.as_ref()).await, [Ok(()), Ok(()), Ok(())], "a command without a release may write");

    let of_fence = guard.clone();
    fence.set(Arc::new(move || of_fence.may_send()));
    let refused = || Err(OwnProblem::Broken { part: Part::UncheckedCall }.into());
    assert_eq!(writes(unchecked.as_ref()).await, [refused(), refused(), refused()]);

    let checked: Arc<dyn PipelineApprovals> = Arc::new(LeaseChecked(unchecked, Check { guard, stage: None }));
    assert_eq!(writes(checked.as_ref()).await, [Ok(()), Ok(()), Ok(())]);
}
