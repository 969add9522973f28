//! AWS's enumerations, each read in one place. AWS adds values at any time: a value that is newer than this program is `Unknown` with its
//! text, and every match decides what that means.

pub mod codepipeline;
pub mod ecs;
pub mod scan;

/// An enumeration of AWS, with the values of its API.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$of])* $variant,)*
            /// A value that is newer than this program; empty where AWS gave none.
            Unknown(String),
        }

        impl $name {
            /// All values that this program knows, as AWS's models list them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// AWS's value.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)*
                    $name::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> $name {
                match word {
                    $($word => $name::$variant,)*
                    newer => $name::Unknown(newer.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> $name {
                $name::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
use words;

#[cfg(test)]
mod tests {
    use super::ecs::ServiceDeploymentStatus;

    #[test]
    fn a_value_is_written_as_aws_wrote_it_known_or_not() {
        for word in ["ROLLBACK_FAILED", "PAUSED_BY_NOBODY", ""] {
            let read = ServiceDeploymentStatus::from(word);
            assert_eq!(read.as_str(), word);
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!(json, format!("{word:?}"));
            assert_eq!(serde_json::from_str::<ServiceDeploymentStatus>(&json).unwrap(), read);
        }
        assert_eq!(ServiceDeploymentStatus::from("STOPPED"), ServiceDeploymentStatus::Stopped);
    }
}
