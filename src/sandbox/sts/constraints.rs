//! The model's constraints on what callers send, and AWS's words for what does not meet them.

use crate::sandbox::service::AwsError;

const SHORTEST: i64 = 900;
const LONGEST: i64 = 43_200;

pub fn required(text: Option<String>, member: &str) -> Result<String, AwsError> {
    text.ok_or_else(|| constraint(member, "null", "Member must not be null"))
}

pub fn seconds(text: &str) -> Result<i64, AwsError> {
    let n: i64 = text.parse().map_err(|_| AwsError::new("MalformedInput", "DurationSeconds is no number"))?;
    if n < SHORTEST {
        return Err(constraint("durationSeconds", text, "Member must have value greater than or equal to 900"));
    }
    if n > LONGEST {
        return Err(constraint("durationSeconds", text, "Member must have value less than or equal to 43200"));
    }
    Ok(n)
}

pub fn name_like(text: &str, member: &str, len: std::ops::RangeInclusive<usize>, also: &str) -> Result<(), AwsError> {
    if text.len() < *len.start() {
        let rule = format!("Member must have length greater than or equal to {}", len.start());
        return Err(constraint(member, text, &rule));
    }
    if text.len() > *len.end() {
        let rule = format!("Member must have length less than or equal to {}", len.end());
        return Err(constraint(member, text, &rule));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c)) {
        let set = if also.contains(':') { r"[\w+=,.@:\/-]*" } else { r"[\w+=,.@-]*" };
        return Err(constraint(member, text, &format!("Member must satisfy regular expression pattern: {set}")));
    }
    Ok(())
}

pub fn constraint(member: &str, value: &str, rule: &str) -> AwsError {
    invalid(format!("1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"))
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}
