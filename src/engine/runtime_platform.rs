//! What a task definition runs on.

use serde_json::Value;

use crate::model::platform::Platform;

/// The platform by `runtimePlatform`; `None` where only the instances that a task lands on say it (EC2).
pub fn of(definition: &Value) -> Option<Platform> {
    let said = |name: &str| definition.pointer(&format!("/runtimePlatform/{name}")).and_then(Value::as_str);
    let compatible = definition.get("requiresCompatibilities").and_then(Value::as_array);
    let fargate = compatible.is_some_and(|c| c.iter().any(|c| c == "FARGATE"));
    let architecture = match said("cpuArchitecture") {
        Some("ARM64") => "arm64",
        Some("X86_64") => "amd64",
        // Fargate takes x86 where nothing is said.
        None if fargate || said("operatingSystemFamily").is_some() => "amd64",
        // A name that is newer than this program, or an instance's own.
        Some(_) | None => return None,
    };
    let windows = said("operatingSystemFamily").is_some_and(|f| f.starts_with("WINDOWS"));
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
    #[case(json!({"runtimePlatform": {"cpuArchitecture": "RISCV"}, "requiresCompatibilities": ["FARGATE"]}), None)]
    #[case(json!(null), None)]
    fn a_task_definition_says_what_it_runs_on(#[case] definition: Value, #[case] expected: Option<&str>) {
        assert_eq!(of(&definition).map(|p| p.to_string()).as_deref(), expected);
    }
}
