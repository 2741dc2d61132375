// Text in aligned columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ballast::cli {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  std::size_t width = 0;  ///< at least this many characters wide
};

/// Rows are gathered, then written with every column as wide as its widest cell, two spaces apart.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);
  /// A row whose text behind the first cell runs across the other columns.
  void add_heading(std::string first, std::string rest);

  /// The lines, each ended by a newline and without blanks at its end.
  [[nodiscard]] std::string text(bool with_titles = true) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool heading = false;
  };
  [[nodiscard]] std::vector<std::size_t> widths(bool with_titles) const;
  void write(std::string& text, const Row& row, const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace ballast::cli
