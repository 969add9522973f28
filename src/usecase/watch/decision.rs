//! A request for approval, read to be decided.

use crate::model::approval::{Answer, ApprovalRequest};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::refusal::AnswerRefusal;
use crate::usecase::answer::{Decision, prepare};
use crate::usecase::context::Context;
use crate::usecase::error::Error;
use crate::usecase::question::{open_requests, recorded, why_settled};
use crate::usecase::review::{Gathered, gather};

/// A request, as it is shown before it is decided.
pub struct Opened {
    pub gathered: Gathered,
    pub stage: StageName,
    pub request: ApprovalRequest,
    /// Why the caller's approval of exactly this plan would not count, if it would not.
    pub refusal: Option<Error>,
}

/// Reads a release's open request for a stage, and whether the caller may approve it.
///
/// # Errors
/// Where it cannot be read, and where nothing waits.
pub async fn open(context: &Context, id: &ReleaseId, stage: &StageName) -> Result<Opened, Error> {
    let recorded = recorded(context, id).await?;
    let open = open_requests(&recorded, context.clock.now()).into_iter();
    let found = open.map(|(_, stage, request)| (stage.clone(), request.clone())).find(|(open, _)| &open.name == stage);
    let Some((stage, request)) = found else {
        let why = why_settled(&recorded, Some(stage));
        return Err(AnswerRefusal::NotWaiting { release: id.clone(), why }.into());
    };
    let gathered = gather(context, &recorded, &stage, &request).await?;
    let decision = exactly(&stage.name, &request, Answer::Approved, String::new());
    let refusal = prepare(context, id, &decision).await.err();
    Ok(Opened { gathered, stage: stage.name, request, refusal })
}

/// A decision about the plan of this request and no other.
pub fn exactly(stage: &StageName, request: &ApprovalRequest, answer: Answer, comment: String) -> Decision {
    Decision { answer, stage: Some(stage.clone()), plan: Some(request.plan.as_str().to_owned()), comment }
}
