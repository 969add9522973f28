//! Pipelines that exist before the first call. One entry, or a list of them:
//!
//! ```yaml
//! - account: "111111111111"
//!   region: ap-northeast-1
//!   pipeline:                      # a PipelineDeclaration, as GetPipeline answers it; roleArn, version may be left out
//!     name: asset-manager
//!     variables: [{ name: RELEASE }]
//!     stages:
//!       - name: Approve
//!         actions:
//!           - name: Approve
//!             actionTypeId: { category: Approval, owner: AWS, provider: Manual, version: "1" }
//!             configuration: { CustomData: "release #{variables.RELEASE}" }
//!   actions:                       # how actions other than approvals behave
//!     Build/Build: { seconds: 90, fails: false, summary: "…", outputVariables: { KANMON_RELEASE: r1 } }
//!     Test/Test: { external: true } # ends when the end is given, as `POST /_sandbox/actions` does
//! ```

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::CodePipeline;
use super::pipeline::{ActionBehaviour, ActionResult, Pipeline};
use crate::model::ids::{AccountId, Region};
use crate::sandbox::seed::entries;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    account: AccountId,
    region: Region,
    pipeline: Value,
    #[serde(default)]
    actions: BTreeMap<String, ActionEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActionEntry {
    seconds: Option<i64>,
    #[serde(default)]
    external: bool,
    #[serde(default)]
    fails: bool,
    summary: Option<String>,
    #[serde(default)]
    output_variables: BTreeMap<String, String>,
}

/// How long seeded things have existed.
const AGE: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn apply(codepipeline: &mut CodePipeline, seed: &Value, now: Timestamp) -> Result<(), String> {
    for entry in entries::of(seed) {
        let entry: Entry = serde_json::from_value(entry).map_err(|e| format!("codepipeline seed: {e}"))?;
        let behaviours = entry
            .actions
            .into_iter()
            .map(|(name, a)| {
                let end = ActionResult { fails: a.fails, summary: a.summary, output_variables: a.output_variables };
                (name, ActionBehaviour { seconds: a.seconds, external: a.external, end })
            })
            .collect();
        let key = (entry.account.clone(), entry.region.clone());
        let pipeline = Pipeline::declare(entry.account, entry.region, entry.pipeline, &behaviours, now - AGE)
            .map_err(|e| format!("codepipeline seed: {e}"))?;
        codepipeline.regions.entry(key).or_default().insert(pipeline.name.clone(), pipeline);
    }
    Ok(())
}
