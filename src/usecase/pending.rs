//! The releases that wait for approval.

use jiff::Timestamp;

use super::context::Context;
use super::error::Error;
use super::identity::own;
use super::question::open_requests;
use super::records::{self, All, Recorded, Unreadable, is_of_the_record};
use super::{codepipeline_question, file_identity};
use crate::engine::inbox::preview;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::notice::Notice;
use crate::model::refusal::AnswerRefusal;
use crate::model::stage_state::Approval;

/// All releases as they will be once their inboxes are read, so that an answered request is not open.
///
/// # Errors
/// As `records::all`.
pub async fn releases(context: &Context) -> Result<All, Error> {
    let all = records::all(context, usize::MAX).await?;
    let now = context.clock.now();
    let (mut read, mut unreadable) = (Vec::new(), all.unreadable);
    for recorded in all.recorded {
        // A withdrawal requests approval again.
        let may_change = !open_requests(&recorded, now).is_empty()
            || recorded.release.stages.values().any(|s| matches!(s.approval, Approval::Given(..)));
        if !may_change {
            read.push(recorded);
            continue;
        }
        match context.journal.inbox(&recorded.release.id).await {
            Ok(inbox) => {
                let release = preview(&recorded.release, &inbox).0;
                read.push(with_rejections(context, Recorded { release, ..recorded }, now).await);
            }
            Err(error) if is_of_the_record(&error) => {
                unreadable.push(Unreadable { listed: recorded.listed, why: error.into() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(All { recorded: read, unreadable })
}

/// The only release that waits for approval.
///
/// # Errors
/// Where none waits, and where more than one does.
pub async fn the_only_one(context: &Context) -> Result<ReleaseId, Error> {
    let (all, now) = (releases(context).await?, context.clock.now());
    let open = all.recorded.iter().flat_map(|r| open_requests(r, now)).filter(|(_, _, q)| now < q.expires_at);
    let waiting: Vec<(ReleaseId, StageName)> =
        open.map(|(recorded, stage, _)| (recorded.release.id.clone(), stage.name.clone())).collect();
    Ok(only(waiting)?)
}

/// The only release among these.
fn only(waiting: Vec<(ReleaseId, StageName)>) -> Result<ReleaseId, AnswerRefusal> {
    let mut releases: Vec<&ReleaseId> = waiting.iter().map(|(release, _)| release).collect();
    releases.dedup();
    match releases.as_slice() {
        [] => Err(AnswerRefusal::NothingWaits),
        [one] => Ok((*one).clone()),
        [..] => Err(AnswerRefusal::SeveralWait { waiting }),
    }
}

/// The same with rejections in CodePipeline that no process has read yet, if the pipeline file has the same accounts. What cannot be
/// read is shown as it is recorded.
async fn with_rejections(context: &Context, recorded: Recorded, now: Timestamp) -> Recorded {
    let carried = open_requests(&recorded, now).iter().any(|(_, _, request)| request.execution.is_some());
    if !carried || file_identity::answers(context, &recorded.release).is_err() {
        return recorded;
    }
    let ports = context.ports(recorded.release.id.as_str(), None);
    // The caller is an approver with their own credentials, or somebody who deploys with the file's role.
    let fault = match codepipeline_question::with_rejections(&ports, recorded.clone(), own).await {
        Ok(read) => return read,
        Err((fault, _)) => fault,
    };
    codepipeline_question::with_rejections(&ports, recorded.clone(), Clone::clone).await.unwrap_or_else(|_| {
        context.notice(Notice::RejectionUnreadable { release: recorded.release.id.clone(), fault });
        recorded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::id;

    #[test]
    fn one_release_needs_no_name_even_if_it_waits_in_two_stages() {
        let wait = |release: &str, stage: &str| (id(release), id(stage));
        assert_eq!(only(vec![]), Err(AnswerRefusal::NothingWaits));
        assert_eq!(only(vec![wait("r1", "qa"), wait("r1", "prod")]), Ok(id("r1")));
        let two = vec![wait("r2", "prod"), wait("r1", "prod")];
        assert_eq!(only(two.clone()), Err(AnswerRefusal::SeveralWait { waiting: two }));
    }
}
