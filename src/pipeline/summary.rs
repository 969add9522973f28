//! A pipeline file summed up in one page.

use std::fmt::Write as _;

use super::duration::show;
use super::gates;
use super::load::Loaded;
use super::step;
use crate::model::approval::ApprovalWay;
use crate::model::gate::GateRules;
use crate::model::pipeline::{Build, Pipeline, Stage, State, TaskDefinitionSource, Tool, Transfer};
use crate::model::severity::Severity;
use crate::model::visible;

impl Loaded {
    /// Accounts, images, services, tasks and stages in aligned lines.
    pub fn summary(&self) -> String {
        let p = &self.pipeline;
        let mut rows: Vec<[String; 3]> = Vec::new();
        match &p.state {
            State::Local => {}
            State::DynamoDb { account, table } => {
                rows.push(["state".into(), table.clone(), format!("a DynamoDB table in account {account}")]);
            }
        }
        for account in p.accounts.values() {
            let role = account.role.as_deref().map(|r| format!(", role {r}")).unwrap_or_default();
            rows.push(["account".into(), account.name.to_string(), format!("{} {}{role}", account.id, account.region)]);
        }
        for (name, image) in &p.images {
            let at = format!("{}/{}", image.account, image.repository);
            let platforms = image.platforms.join(" and ");
            rows.push(["image".into(), name.to_string(), format!("{at}, {} ({platforms})", built(&image.build))]);
        }
        for (name, service) in &p.services {
            let from = match &service.taskdef {
                TaskDefinitionSource::Live => "what runs now",
                TaskDefinitionSource::Template(file) => &file.path,
            };
            let runs = pairs(service.containers.iter().map(|(c, i)| (c.as_str(), i.as_str())));
            rows.push(["service".into(), name.to_string(), format!("{from}, {runs}")]);
        }
        for (name, task) in &p.tasks {
            let runs = pairs(task.containers.iter().map(|(c, i)| (c.as_str(), i.as_str())));
            rows.push([
                "task".into(),
                name.to_string(),
                format!("{}, {runs}, beside {}, at most {}", task.taskdef.path, task.network_of, show(task.timeout)),
            ]);
        }
        for stage in &p.stages {
            rows.push(["stage".into(), stage.name.to_string(), destination(p, stage)]);
            rows.push([String::new(), String::new(), format!("gate: {}", gate(&stage.gate))]);
            if let Some(asked) = approval(stage) {
                rows.push([String::new(), String::new(), asked]);
            }
            let steps: Vec<String> = stage.steps.iter().map(step::shown).collect();
            rows.push([String::new(), String::new(), format!("then {}", steps.join(", "))]);
        }
        let kind = rows.iter().map(|r| r[0].len()).max().unwrap_or(0);
        let name = rows.iter().map(|r| r[1].len()).max().unwrap_or(0);
        let file = self.file.strip_prefix(&self.root).unwrap_or(&self.file);
        let mut out = format!("{} ({})\n", p.app, visible::line(&file.to_string_lossy()));
        for [k, n, rest] in rows {
            writeln!(out, "  {k:kind$}  {n:name$}  {}", visible::line(&rest))
                .expect("writing to a string does not fail");
        }
        out
    }
}

fn built(build: &Build) -> String {
    match build {
        Build::Dockerfile { tool: Tool::Auto, file, .. } => format!("built from {file}"),
        Build::Dockerfile { tool, file, .. } => format!("built from {file} by {}", format!("{tool:?}").to_lowercase()),
        Build::Layers(spec) => format!("files on {}", spec.base),
        Build::None => "not built here".into(),
    }
}

fn pairs<'a>(containers: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    containers.map(|(c, i)| format!("container {c} runs {i}")).collect::<Vec<_>>().join(", ")
}

fn destination(pipeline: &Pipeline, stage: &Stage) -> String {
    let own = stage.images_used(pipeline).iter().all(|i| pipeline.image(i).account == stage.account);
    let transfer = match stage.images {
        Transfer::Copy => ", images copied",
        Transfer::Pull if own => "",
        Transfer::Pull => ", images pulled across accounts",
    };
    format!("account {}, cluster {}{transfer}", stage.account, stage.cluster)
}

fn gate(rules: &GateRules) -> String {
    // The page shows what may pass. How and for how long scans are read, and whether suppressed findings count, is left to the file.
    let GateRules { at_most, timeout: _, settle: _, max_age: _, suppressed: _ } = rules;
    let limit = |s: &Severity| at_most.get(s).copied().flatten();
    let limits: Vec<String> = Severity::ALL
        .iter()
        .filter(|s| limit(s).is_some())
        .map(|s| format!("{} {}", s.word(), gates::show(limit(s))))
        .collect();
    if limits.is_empty() { "no limits".into() } else { format!("at most {}", limits.join(", ")) }
}

fn approval(stage: &Stage) -> Option<String> {
    let policy = stage.approval.as_ref()?;
    let within = show(policy.expires);
    let who = match policy.approvers.as_slice() {
        [] => "another person".to_owned(),
        patterns => patterns.join(" or "),
    };
    Some(match &policy.way {
        ApprovalWay::Kanmon => format!("approval: by {who}, within {within}"),
        ApprovalWay::CodePipeline { pipeline, action, account } => {
            format!("approval: by {who} in CodePipeline {pipeline}/{action} in {account}, within {within}")
        }
    })
}
