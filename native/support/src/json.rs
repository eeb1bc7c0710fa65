//! Just enough JSON to write facts.

use std::fmt::Write;

/// A fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A count, size or offset; exact up to 2^53.
    Number(f64),
    /// Words.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Not known.
    Null,
    /// Further facts.
    Object(Vec<(&'static str, Fact)>),
    /// Several.
    List(Vec<Fact>),
}

impl Fact {
    /// Appends this fact as JSON.
    pub fn write(&self, out: &mut String) {
        match self {
            Fact::Number(n) if n.is_finite() => drop(write!(out, "{n}")),
            Fact::Number(_) | Fact::Null => out.push_str("null"),
            Fact::Flag(yes) => drop(write!(out, "{yes}")),
            Fact::Text(text) => quote(text, out),
            Fact::Object(members) => {
                out.push('{');
                for (i, (name, fact)) in members.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    quote(name, out);
                    out.push(':');
                    fact.write(out);
                }
                out.push('}');
            }
            Fact::List(members) => {
                out.push('[');
                for (i, fact) in members.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    fact.write(out);
                }
                out.push(']');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

impl From<&str> for Fact {
    fn from(text: &str) -> Fact {
        Fact::Text(text.to_owned())
    }
}
impl From<String> for Fact {
    fn from(text: String) -> Fact {
        Fact::Text(text)
    }
}
impl From<bool> for Fact {
    fn from(yes: bool) -> Fact {
        Fact::Flag(yes)
    }
}
impl From<f64> for Fact {
    fn from(n: f64) -> Fact {
        Fact::Number(n)
    }
}
impl From<u64> for Fact {
    fn from(n: u64) -> Fact {
        Fact::Number(n as f64)
    }
}
impl From<u32> for Fact {
    fn from(n: u32) -> Fact {
        Fact::Number(n.into())
    }
}
impl From<usize> for Fact {
    fn from(n: usize) -> Fact {
        Fact::Number(n as f64)
    }
}
impl From<i32> for Fact {
    fn from(n: i32) -> Fact {
        Fact::Number(n.into())
    }
}
