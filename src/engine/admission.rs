//! Whether a release may enter a stage: not while the stage is frozen, and not with images that failed there before.

use super::agenda::{Agenda, Flow, Halt};
use super::ending;
use crate::model::event::Fact;
use crate::model::ids::ImageName;
use crate::model::ledger::StageLedger;
use crate::model::pipeline::Stage;

pub fn walk(a: &mut Agenda<'_>, stage: &Stage, ledger: Option<&StageLedger>) -> Flow {
    let Some(ledger) = ledger else { return Ok(()) };
    if let Some(frozen) = &ledger.frozen {
        return Err(Halt::End(ending::frozen(&stage.name, frozen)));
    }
    let release = a.release;
    let digest = |image: &ImageName| release.images.get(image).map(|pushed| &pushed.digest);
    let Some(failed) = ledger.failed_before(&digest) else { return Ok(()) };
    match &release.forced {
        None => Err(Halt::End(ending::failed_before(&stage.name, failed))),
        Some(_) if release.stage(&stage.name).forced_over.as_ref() == Some(&failed.release) => Ok(()),
        Some(reason) => {
            let (stage, over) = (stage.name.clone(), failed.release.clone());
            a.record(Fact::Forced { stage, over, reason: reason.clone() })
        }
    }
}
