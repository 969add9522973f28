//! What `completions` prints.

/// What is printed, where it cannot be.
pub const SCRIPT: &str = "the script";

/// How a shell loads the script.
pub fn how_to_use() -> &'static str {
    "\
How a shell loads them:
  bash, in ~/.bashrc:                  source <(kanmon completions bash)
  zsh, in ~/.zshrc, after compinit:    source <(kanmon completions zsh)
  fish, in ~/.config/fish/config.fish: kanmon completions fish | source"
}
