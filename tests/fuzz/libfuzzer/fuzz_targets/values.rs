#![no_main]

#[allow(dead_code, reason = "each binary runs one of them")]
#[path = "../../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::values(bytes));
