//! The platform of a task definition.

use serde_json::Value;

use crate::model::aws::ecs::{Compatibility, CpuArchitecture};
use crate::model::platform::Platform;

/// The platform by `runtimePlatform`; `None`: it depends on the instance that runs the task (EC2).
pub fn of(definition: &Value) -> Option<Platform> {
    let member = |name: &str| definition.pointer(&format!("/runtimePlatform/{name}")).and_then(Value::as_str);
    let compatible = definition.get("requiresCompatibilities").and_then(Value::as_array);
    let only_fargate = compatible.is_some_and(|c| {
        !c.is_empty() && c.iter().all(|c| c.as_str().map(Compatibility::from) == Some(Compatibility::Fargate))
    });
    let windows = member("operatingSystemFamily").is_some_and(|f| f.starts_with("WINDOWS"));
    let architecture = match member("cpuArchitecture").map(CpuArchitecture::from) {
        Some(CpuArchitecture::Arm) => "arm64",
        Some(CpuArchitecture::X86) => "amd64",
        // Fargate uses x86 by default; a task that may also run on instances may get another. ECS has Windows on x86 only.
        None if only_fargate || windows => "amd64",
        // A name that is newer than this program, or an instance's own.
        Some(CpuArchitecture::Unknown(_)) | None => return None,
    };
    let os = if windows { "windows" } else { "linux" };
    Some(Platform { os: os.to_owned(), architecture: architecture.to_owned(), variant: None })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}), Some("linux/arm64"))]
    #[case(json!({"runtimePlatform": {"cpuArchitecture": "ARM64"}}), Some("linux/arm64"))]
    #[case(json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}), Some("windows/amd64"))]
    #[case(json!({"requiresCompatibilities": ["FARGATE"]}), Some("linux/amd64"))]
    #[case(json!({"requiresCompatibilities": ["EC2"]}), None)]
    #[case(json!({"requiresCompatibilities": ["FARGATE", "EC2"]}), None)]
    #[case(json!({"requiresCompatibilities": ["EXTERNAL", "FARGATE"], "runtimePlatform": {"operatingSystemFamily": "LINUX"}}), None)]
    #[case(json!({"requiresCompatibilities": []}), None)]
    #[case(json!({"runtimePlatform": {"cpuArchitecture": "RISCV"}, "requiresCompatibilities": ["FARGATE"]}), None)]
    #[case(json!(null), None)]
    fn a_task_definition_has_a_platform(#[case] definition: Value, #[case] expected: Option<&str>) {
        assert_eq!(of(&definition).map(|p| p.to_string()).as_deref(), expected);
    }
}
