//! Errors on their way to JavaScript: a code, a sentence, facts.

use crate::json::Fact;

/// Becomes a Chunker error with `code`, `message` and `details`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// A code of the house, such as `corrupt_data`.
    pub code: &'static str,
    /// A sentence for people; empty: core's own for the code.
    pub message: String,
    /// Facts by name.
    pub details: Vec<(&'static str, Fact)>,
}

impl Fault {
    /// A fault without facts; core knows a sentence for each of its codes.
    pub fn new(code: &'static str) -> Fault {
        Fault { code, message: String::new(), details: Vec::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Fault {
        self.details.push((name, fact.into()));
        self
    }

    /// Sets the sentence.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Fault {
        self.message = message.into();
        self
    }

    /// `invalid_input`: an argument of the wrong type or range.
    pub fn invalid(name: &str, expected: &str) -> Fault {
        Fault::new("invalid_input").with("name", name).with("expected", expected)
    }

    /// `out_of_memory`: so many bytes could not be had.
    pub fn out_of_memory(bytes: usize) -> Fault {
        Fault::new("out_of_memory").with("bytes", bytes)
    }

    /// `aborted`: the job saw `should_stop` and ended.
    pub fn aborted() -> Fault {
        Fault::new("aborted")
    }

    /// `native_panic` with the message of the panic.
    pub fn panicked(message: String) -> Fault {
        Fault::new("native_panic").with("reason", message)
    }

    /// The details as a JSON object.
    pub fn details_json(&self) -> String {
        let mut out = String::new();
        Fact::Object(self.details.clone()).write(&mut out);
        out
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.details_json())
    }
}

impl std::error::Error for Fault {}
