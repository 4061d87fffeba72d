//! Replies dereference to what they contain: a stored memory has the fields of the memory, found memories are a list.

use std::ops::Deref;

use crate::models::{Memory, RecallResponse, RecalledMemory, StoreMemoryResponse};

/// The stored memory.
impl Deref for StoreMemoryResponse {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.memory
    }
}

/// The found memory.
impl Deref for RecalledMemory {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.memory
    }
}

/// The found memories, best first.
impl Deref for RecallResponse {
    type Target = Vec<RecalledMemory>;

    fn deref(&self) -> &Vec<RecalledMemory> {
        &self.memories
    }
}

impl IntoIterator for RecallResponse {
    type Item = RecalledMemory;
    type IntoIter = std::vec::IntoIter<RecalledMemory>;

    fn into_iter(self) -> Self::IntoIter {
        self.memories.into_iter()
    }
}

impl<'a> IntoIterator for &'a RecallResponse {
    type Item = &'a RecalledMemory;
    type IntoIter = std::slice::Iter<'a, RecalledMemory>;

    fn into_iter(self) -> Self::IntoIter {
        self.memories.iter()
    }
}
