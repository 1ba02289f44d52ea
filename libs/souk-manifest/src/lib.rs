//! The manifest of a service, in any language: how its environment is made, how it is started, and what it promises.
