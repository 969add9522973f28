//! The names that ECS accepts.

/// Letters, digits, hyphens and underscores, at most 255: ECS's clusters, services and families.
pub fn is_ecs_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
