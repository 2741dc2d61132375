#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ballast::cli {
namespace {

/// Characters of UTF-8 text.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80; }));
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells)});
}

void Table::add_heading(std::string first, std::string rest) {
  rows_.push_back({{std::move(first), std::move(rest)}, true});
}

std::string Table::text(bool with_titles) const {
  const auto width = widths(with_titles);
  std::string text;
  if (with_titles) {
    Row titles;
    for (const auto& column : columns_) titles.cells.push_back(column.title);
    write(text, titles, width);
  }
  for (const auto& row : rows_) write(text, row, width);
  return text;
}

std::vector<std::size_t> Table::widths(bool with_titles) const {
  std::vector<std::size_t> width;
  width.reserve(columns_.size());
  for (const auto& column : columns_) {
    width.push_back(std::max(column.width, with_titles ? length_of(column.title) : 0));
  }
  for (const auto& row : rows_) {
    const std::size_t counted = row.heading ? 1 : row.cells.size();
    for (std::size_t i = 0; i < counted; ++i) width[i] = std::max(width[i], length_of(row.cells[i]));
  }
  return width;
}

void Table::write(std::string& text, const Row& row, const std::vector<std::size_t>& widths) const {
  std::string line;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const std::size_t length = length_of(row.cells[i]);
    const std::string padding(widths[i] > length ? widths[i] - length : 0, ' ');
    const bool right = columns_[i].align == Align::right && !row.heading;
    line += right ? padding + row.cells[i] : row.cells[i] + padding;
    line += "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
}

}  // namespace ballast::cli
